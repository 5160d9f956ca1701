import type { Session } from '../duckdb/session.ts';
import type { Column, Job, Output, Step } from '../job/job.ts';
import type { Plan } from '../plan/plan.ts';
import type { PartitionSet } from './partition-set.ts';
import type { StagedOutput } from './record.ts';
import type { OnlyValues } from './step-query.ts';

/** A step with an output. */
export interface OutputStep extends Step {
  readonly output: Output;
}

/** What writing one step's outputs needs. */
export interface OutputContext {
  readonly session: Session;
  readonly job: Job;
  readonly plan: Plan;
  readonly step: OutputStep;
  /** The columns of the step's result. */
  readonly columns: readonly Column[];
  readonly partitions: PartitionSet;
  readonly only: OnlyValues;
  readonly runId: string;
  /** An existing folder of the step's own, on the file system of the outputs. */
  readonly stagingFolder: string;
  readonly onRows: (rows: number) => void;
}

/** The result's columns that are written, in their order. */
export function writtenColumns({ step, columns }: Pick<OutputContext, 'step' | 'columns'>): string[] {
  const { omit, keepPartitionColumns } = step.output;
  const left = keepPartitionColumns ? omit : [...omit, ...step.partitionBy];
  return columns.map(({ name }) => name).filter((name) => !left.includes(name));
}

/** The partition as it stands in a record. */
export function toRecordPartition(texts: ReadonlyMap<string, string | null>): StagedOutput['partition'] {
  return Object.fromEntries(texts);
}
