import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { interruptible } from '../duckdb/interruptible.ts';
import type { QueryResult, Session } from '../duckdb/session.ts';
import { bindParams } from '../job/bind-params.ts';
import type { Column, Job, Step } from '../job/job.ts';
import type { Plan } from '../plan/plan.ts';
import {
  countReads,
  type LoadInputsOptions,
  loadInputs,
  loadStep,
  placingScanErrors,
  retryingExactly,
  stepKind,
} from './load-relations.ts';
import { machineLimits } from './machine-limits.ts';
import { orderByList } from './order-key.ts';
import { type OnlyValues, placingErrors, stepRows } from './step-query.ts';
import { openTaskSession } from './task-session.ts';

/** Calls `use` with a session in which the job's inputs and the steps before `until` are tables; `signal` ends it. */
export async function withRelations<T>(
  plan: Plan,
  job: Job,
  until: Step | undefined,
  signal: AbortSignal,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  const scratch = await mkdtemp(join(tmpdir(), 'pitwall-'));
  try {
    return await retryingExactly((exact) =>
      useRelations(plan, job, until, { scratch, folders: [], exact, signal }, signal, use),
    );
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function useRelations<T>(
  plan: Plan,
  job: Job,
  until: Step | undefined,
  options: LoadInputsOptions,
  signal: AbortSignal,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await openTaskSession(machineLimits(), options.scratch);
  try {
    const reads = countReads(job);
    return await interruptible(session, signal, async () => {
      const staged = await loadInputs(session, plan, reads, options);
      return await placingScanErrors(session, staged, 'fast', async () => {
        await loadSteps(session, job, until, reads);
        return use(session);
      });
    });
  } finally {
    await session.close();
  }
}

async function loadSteps(
  session: Session,
  job: Job,
  until: Step | undefined,
  reads: ReadonlyMap<string, number>,
): Promise<void> {
  for (const step of stepsBefore(job, until))
    await loadStep(session, job, step, stepKind(step, reads.get(step.name.toLowerCase()) ?? 0));
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
  const order = isOrdered ? `\nORDER BY ${orderByList(step.partitionBy, step.orderBy)}` : '';
  const sql = `${rows.sql}${order}\nLIMIT ${limit}`;
  return placingErrors(step, rows, () => session.query(sql, bindParams(job.params, step.parameters)));
}
