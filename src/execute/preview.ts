import { interruptible } from '../duckdb/interruptible.ts';
import type { QueryResult, Session } from '../duckdb/session.ts';
import { bindParams } from '../job/bind-params.ts';
import type { Column, Job, Step } from '../job/job.ts';
import { jobStorage } from '../job/job-storage.ts';
import type { Plan } from '../plan/plan.ts';
import { openStorage } from '../storage/open-storage.ts';
import { countReads, createRelation, isWorthATable, stepKind } from './load-relations.ts';
import { machineLimits } from './machine-limits.ts';
import { orderByList } from './order-key.ts';
import { retryingScans, type ScanNeeds } from './scan-needs.ts';
import { withScratch } from './scratch.ts';
import { type OnlyValues, placingErrors, stepRows } from './step-query.ts';
import { WorkerSession } from './worker-session.ts';

export interface RelationsWanted {
  readonly plan: Plan;
  /** The first step that is not needed; `undefined` for all. */
  readonly until: Step | undefined;
  readonly s3Endpoint?: string | undefined;
  readonly signal: AbortSignal;
}

/** Calls `use` with a session in which the job's inputs and the steps before `until` are tables; `signal` ends it. */
export async function withRelations<T>(
  wanted: RelationsWanted,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  return withScratch((scratch) => retryingScans((needs) => useRelations({ ...wanted, needs, scratch }, use)));
}

interface RelationsToLoad extends RelationsWanted {
  readonly needs: ScanNeeds;
  readonly scratch: string;
}

async function useRelations<T>(
  { plan, until, s3Endpoint, needs, scratch, signal }: RelationsToLoad,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  const { job } = plan;
  const limits = machineLimits();
  const worker = await WorkerSession.open({
    inputs: plan.inputs,
    storage: openStorage(jobStorage(job, s3Endpoint)),
    limits,
    scratch,
    needs,
  });
  const reads = countReads(job);
  const names = plan.inputs.map(({ name }) => name);
  try {
    return await interruptible(worker, signal, async () => {
      for (const planned of plan.inputs)
        await worker.loadInput(planned, isWorthATable(planned, reads), signal);
      return worker.reading(names, async () => {
        await createSteps(worker.session, job, until, reads);
        return use(worker.session);
      });
    });
  } finally {
    await worker.close();
  }
}

async function createSteps(
  session: Session,
  job: Job,
  until: Step | undefined,
  reads: ReadonlyMap<string, number>,
): Promise<void> {
  for (const step of stepsBefore(job, until)) {
    const kind = stepKind(step, reads.get(step.name.toLowerCase()) ?? 0);
    await createRelation(session, job, step, { kind });
  }
}

function stepsBefore(job: Job, until: Step | undefined): readonly Step[] {
  return until === undefined ? job.steps : job.steps.slice(0, job.steps.indexOf(until));
}

export interface PreviewOptions {
  readonly step: Step;
  readonly columns: readonly Column[];
  readonly only: OnlyValues;
  readonly limit: number;
}

/** The first rows of a step, in its order. */
export async function previewStep(
  session: Session,
  job: Job,
  { step, columns, only, limit }: PreviewOptions,
): Promise<QueryResult> {
  const rows = stepRows({ ...step, orderBy: [] }, columns, only);
  const isOrdered = step.orderBy.length > 0;
  const order = isOrdered ? `\nORDER BY ${orderByList(step.partitionBy, step.orderBy, columns)}` : '';
  const sql = `${rows.sql}${order}\nLIMIT ${limit}`;
  return placingErrors(step, rows, () => session.query(sql, bindParams(job.params, step.parameters)));
}
