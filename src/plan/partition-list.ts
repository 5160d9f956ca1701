import type { PartitionValuesOf } from './step-plan.ts';

/** The partitions that a step of kind `partition` or `write` consists of, as found in what it reads. */
export interface PartitionList {
  /** In the order of their values, each once: groups of neighbours are what a task reads. */
  readonly partitions: readonly ListedPartition[];
  /**
   * For each partition column that comes from the paths of an input: each text of the paths and the partition's text that
   * it stands for (`007` and `7` for an integer column). Texts that are missing here belong to no partition.
   */
  readonly pathTexts: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

export interface ListedPartition {
  readonly partition: PartitionValuesOf;
  /** Of the narrowed steps that are read; files of inputs are not counted. */
  readonly bytes: number;
  /** Changes with the tasks that made what the narrowed steps hold of this partition; '' when no step is narrowed. */
  readonly identity: string;
}
