import { join } from 'node:path';
import { PitwallError } from '../error.ts';
import type { Step } from '../job/job.ts';
import type { StagedListener } from './attempt-files.ts';
import { type OutputContext, toRecordPartition } from './output-context.ts';
import { checkCollisions, type PartitionTexts, partitionPath } from './partition-path.ts';
import { indexPartitions, type PartitionIndex, partitionId, toPartitionTexts } from './partition-set.ts';
import type { StagedOutput } from './record.ts';
import type { StagedBytes } from './stage-file.ts';

/** Writes one partition's file at the path and tells what it wrote. */
export type WritePartition = (path: string) => Promise<StagedBytes>;

/** How many files are written at a time: enough to keep the disk busy while rows are encoded. */
const CONCURRENT_WRITES = 4;

/** Collects the files of one step as their partitions become whole. */
export class StagedOutputs {
  readonly #context: OutputContext;
  readonly #onStaged: StagedListener;
  readonly #wanted: PartitionIndex<true> | undefined;
  readonly #units: PartitionIndex<string>;
  readonly #outputs = new Map<string, StagedOutput>();
  readonly #writing = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | undefined;
  #count = 0;

  constructor(context: OutputContext, onStaged: StagedListener = () => undefined) {
    this.#context = context;
    this.#onStaged = onStaged;
    this.#wanted = context.partitions && indexPartitions(context.partitions.map((texts) => [texts, true]));
    this.#units = indexPartitions(
      context.units.map(({ partition, fingerprint }) => [toPartitionTexts(partition), fingerprint]),
    );
  }

  /** Whether rows of this partition are published: those outside of the step's `partition:` are not. */
  wants(texts: PartitionTexts): boolean {
    return this.#wanted === undefined || this.#wanted(texts) === true;
  }

  /** Begins to write a partition; resolves when there is room for the next. */
  async add(texts: PartitionTexts, rows: number, write: WritePartition): Promise<void> {
    const writing = this.#write(texts, rows, write).catch((error) => {
      this.#failure ??= { error };
    });
    const tracked: Promise<void> = writing.finally(() => this.#writing.delete(tracked));
    this.#writing.add(tracked);
    while (this.#writing.size >= CONCURRENT_WRITES) await Promise.race(this.#writing);
    if (this.#failure !== undefined) await this.settle();
  }

  /** Waits until no file is being written, whatever became of them. */
  async idle(): Promise<void> {
    await Promise.all(this.#writing);
  }

  /** Waits for every file that was added. */
  async settle(): Promise<StagedOutput[]> {
    await this.idle();
    if (this.#failure !== undefined) throw this.#failure.error;
    return [...this.#outputs.values()];
  }

  /** Takes over the files that another thread staged for the same step. */
  adopt(outputs: readonly StagedOutput[]): void {
    for (const output of outputs) this.#keep(this.#idOf(output), output);
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

  async #write(texts: PartitionTexts, rows: number, write: WritePartition): Promise<void> {
    const { step, runId, stagingFolder } = this.#context;
    const path = partitionPath(step.output, texts, runId);
    const stagedPath = join(stagingFolder, `${this.#count++}.staged`);
    const id = partitionId(texts);
    const { root } = step.output;
    const partition = toRecordPartition(texts);
    const common = { step: step.name, partition, unit: this.#unitOf(texts), root, path, stagedPath, rows };
    this.#keep(id, { ...common, bytes: 0, sha256: '' });
    this.#outputs.set(id, { ...common, ...(await write(stagedPath)) });
    this.#onStaged(stagedPath);
  }

  #unitOf(texts: PartitionTexts): string {
    const unit = this.#units(texts);
    if (unit === undefined) throw new Error(`no unit of the task is that of partition ${partitionId(texts)}`);
    return unit;
  }

  #keep(id: string, output: StagedOutput): void {
    if (this.#outputs.has(id)) throw new Error(`partition ${id} of step ${output.step} came twice`);
    this.#outputs.set(id, output);
  }

  #idOf({ partition }: StagedOutput): string {
    return partitionId(
      new Map(this.#context.step.partitionBy.map((name) => [name, partition[name] ?? null])),
    );
  }

  #emptyPartitions(): readonly PartitionTexts[] {
    const { step, partitions } = this.#context;
    if (partitions !== undefined) return partitions.filter((texts) => !this.#isWritten(texts));
    return step.partitionBy.length === 0 && this.#outputs.size === 0 ? [new Map()] : [];
  }

  #isWritten(texts: PartitionTexts): boolean {
    const { step } = this.#context;
    if (texts.size === step.partitionBy.length) return this.#outputs.has(partitionId(texts));
    return [...this.#outputs.values()].some(({ partition }) =>
      [...texts].every(([name, text]) => partition[name] === text),
    );
  }

  /** Values of some of the partition columns name no file that could be written. */
  async #addEmpty(texts: PartitionTexts, writeEmpty: WritePartition): Promise<void> {
    const { step } = this.#context;
    switch (step.output.empty) {
      case 'write':
        return texts.size === step.partitionBy.length ? this.add(texts, 0, writeEmpty) : undefined;
      case 'skip':
        return;
      case 'fail':
        await this.idle();
        throw noRows(step, texts);
    }
  }
}

function noRows({ name }: Step, texts: PartitionTexts): PitwallError {
  const which = [...texts].map(([column, text]) => ` where ${column} is ${text ?? 'NULL'}`).join(' and');
  return new PitwallError('data', `step "${name}" has no rows${which}, and its output says empty: fail`);
}
