import type { Parameters } from '../duckdb/session.ts';
import type { Column, Output, Step } from '../job/job.ts';
import type { TaskUnit } from '../plan/step-plan.ts';
import type { PartitionTexts } from './partition-path.ts';
import type { PartitionSet } from './partition-set.ts';
import type { StagedOutput } from './record.ts';
import type { WrappedSql } from './step-query.ts';

/** A step with an output. */
export interface OutputStep extends Step {
  readonly output: Output;
}

/** What writing one step's outputs needs, as data: another thread can do a share of it. */
export interface OutputContext {
  readonly step: OutputStep;
  /** The columns of the step's result. */
  readonly columns: readonly Column[];
  /** The SELECT of the rows: sorted by partition and order keys when the step has `order_by`. */
  readonly rows: WrappedSql;
  /** The rows come sorted by partition even where the step has no `order_by`. */
  readonly grouped?: boolean;
  readonly parameters: Parameters;
  readonly partitions: PartitionSet;
  /** The task's units, one for each of its partitions or one for all: an output tells the one that it belongs to. */
  readonly units: readonly TaskUnit[];
  readonly runId: string;
  /** An existing folder, on the file system of the outputs, that nobody else writes to. */
  readonly stagingFolder: string;
  /** Whether what is staged there is only uploaded from it. */
  readonly isUploaded?: boolean;
}

/** Is told how many more rows were encoded. */
export type RowCounter = (rows: number) => void;

/** The result's columns that are written, in their order. */
export function writtenColumns({ step, columns }: Pick<OutputContext, 'step' | 'columns'>): string[] {
  const { omit, keepPartitionColumns } = step.output;
  const left = keepPartitionColumns ? omit : [...omit, ...step.partitionBy];
  return columns.map(({ name }) => name).filter((name) => !left.includes(name));
}

/** The partition as it stands in a record. */
export function toRecordPartition(texts: PartitionTexts): StagedOutput['partition'] {
  return Object.fromEntries(texts);
}
