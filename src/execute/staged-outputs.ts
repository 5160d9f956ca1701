import { join } from 'node:path';
import { PitwallError } from '../error.ts';
import { type OutputContext, toRecordPartition } from './output-context.ts';
import { checkCollisions, type PartitionTexts, partitionPath } from './partition-path.ts';
import { partitionId } from './partition-set.ts';
import type { StagedOutput } from './record.ts';
import type { StagedBytes } from './stage-file.ts';

/** Writes one partition's file at the path and tells what it wrote. */
export type WritePartition = (path: string) => Promise<StagedBytes>;

/** How many files are written at a time: enough to keep the disk busy while rows are encoded. */
const CONCURRENT_WRITES = 4;

/** Collects the files of one step as their partitions become whole. */
export class StagedOutputs {
  readonly #context: OutputContext;
  readonly #wanted: ReadonlySet<string> | undefined;
  readonly #outputs = new Map<string, StagedOutput>();
  readonly #writing = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | undefined;
  #count = 0;

  constructor(context: OutputContext) {
    this.#context = context;
    this.#wanted = context.partitions && new Set(context.partitions.map(partitionId));
  }

  /** Whether rows of this partition are published: those outside of the step's `partition:` are not. */
  wants(texts: PartitionTexts): boolean {
    return this.#wanted?.has(partitionId(texts)) ?? true;
  }

  /** Begins to write a partition; resolves when there is room for the next. */
  async add(texts: PartitionTexts, rows: number, write: WritePartition): Promise<void> {
    const writing = this.#write(texts, rows, write).catch((error) => {
      this.#failure ??= { error };
    });
    const tracked: Promise<void> = writing.finally(() => this.#writing.delete(tracked));
    this.#writing.add(tracked);
    while (this.#writing.size >= CONCURRENT_WRITES) await Promise.race(this.#writing);
    this.#throwFailure();
  }

  /** Waits for every file that was added. */
  async settle(): Promise<StagedOutput[]> {
    await Promise.all(this.#writing);
    this.#throwFailure();
    return [...this.#outputs.values()];
  }

  /** Takes over the files that another thread staged for the same step. */
  adopt(outputs: readonly StagedOutput[]): void {
    for (const output of outputs) this.#outputs.set(recordId(output), output);
  }

  /** Adds the empty files, which `writeEmpty` writes, and waits for all. */
  async finish(writeEmpty: WritePartition): Promise<StagedOutput[]> {
    for (const texts of this.#emptyPartitions()) await this.#addEmpty(texts, writeEmpty);
    const outputs = (await this.settle()).sort((a, b) =>
      Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)),
    );
    const paths = outputs.map(({ path }) => path);
    checkCollisions(this.#context.step.output, paths);
    return outputs;
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async #write(texts: PartitionTexts, rows: number, write: WritePartition): Promise<void> {
    const { step, runId, stagingFolder } = this.#context;
    const path = partitionPath(step.output, texts, runId);
    const stagedPath = join(stagingFolder, `${this.#count++}.staged`);
    const id = partitionId(texts);
    if (this.#outputs.has(id)) throw new Error(`partition ${id} of step ${step.name} came twice`);
    const { root } = step.output;
    const common = { step: step.name, partition: toRecordPartition(texts), root, path, stagedPath, rows };
    this.#outputs.set(id, { ...common, bytes: 0, sha256: '' });
    this.#outputs.set(id, { ...common, ...(await write(stagedPath)) });
  }

  #emptyPartitions(): readonly PartitionTexts[] {
    const { step, partitions } = this.#context;
    if (partitions !== undefined) return partitions.filter((texts) => !this.#outputs.has(partitionId(texts)));
    return step.partitionBy.length === 0 && this.#outputs.size === 0 ? [new Map()] : [];
  }

  async #addEmpty(texts: PartitionTexts, writeEmpty: WritePartition): Promise<void> {
    const { step } = this.#context;
    switch (step.output.empty) {
      case 'write':
        return this.add(texts, 0, writeEmpty);
      case 'skip':
        return;
      case 'fail': {
        const which = partitionPath(step.output, texts, this.#context.runId);
        throw new PitwallError(
          'data',
          `step "${step.name}" has no rows for ${which}, and its output says empty: fail`,
        );
      }
    }
  }
}

function recordId({ partition }: StagedOutput): string {
  return partitionId(new Map(Object.entries(partition)));
}
