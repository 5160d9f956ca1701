import { join } from 'node:path';
import type { RecordBatch, Schema } from 'apache-arrow';
import type { RowEncoder } from '../encode/row-encoder.ts';
import type { TieReader } from './order-key.ts';
import { createPartitionKeyReader, type PartitionKey, type PartitionKeyReader } from './partition-key.ts';
import { PartitionRows } from './partition-rows.ts';
import { RUN_BYTES, SegmentPool } from './segment-pool.ts';

export interface RowRouterOptions {
  readonly schema: Schema;
  readonly encoder: RowEncoder;
  readonly partitionBy: readonly string[];
  /**
   * Readers of the order keys, when the rows come sorted by the partition columns and then by these keys: a
   * partition is whole when the next begins. `undefined`: rows come in any order, each to its partition.
   */
  readonly ties: readonly TieReader[] | undefined;
  /** Rows come sorted by the partition columns, though not within a partition. */
  readonly grouped?: boolean;
  /** A folder for rows that do not fit into `memoryBytes`. */
  readonly spillFolder: string;
  /** How much the encoded rows of all partitions may take together before some are written to disk. */
  readonly memoryBytes: number;
}

export interface Partition {
  /** One key for each partition column. */
  readonly keys: readonly PartitionKey[];
  readonly rows: PartitionRows;
}

/** The key of an output without partition columns. */
const ONE_PARTITION: PartitionKeyReader = { bind: () => undefined, read: () => null };

/** Rows of a batch that are encoded together. */
interface Run {
  readonly partition: Partition;
  readonly begin: number;
  /** Whether it is of one row, which ties with the one before. */
  readonly isTied: boolean;
  /** The row before which it ends. */
  readonly limit: number;
}

const LONGEST_RUN = 128;
/** Before any was encoded. */
const FIRST_ROW_BYTES = 1024;

type KeyMap = Map<PartitionKey, KeyMap | Partition>;

/** Encodes rows into their partitions' buffers, in one pass over the batches. */
export class RowRouter {
  readonly #options: RowRouterOptions;
  readonly #readers: readonly PartitionKeyReader[];
  readonly #pool = new SegmentPool();
  readonly #open: Partition[] = [];
  #root: KeyMap = new Map();
  #whole: Partition[] = [];
  #created = 0;
  #memoryBytes = 0;
  /** Of the rows that were encoded last. */
  #rowBytes = FIRST_ROW_BYTES;

  constructor(options: RowRouterOptions) {
    this.#options = options;
    const readers = options.partitionBy.map((column) => createPartitionKeyReader(options.schema, column));
    this.#readers = readers.length === 0 ? [ONE_PARTITION] : readers;
  }

  write(batch: RecordBatch): void {
    for (const reader of this.#readers) reader.bind(batch);
    for (const tie of this.#options.ties ?? []) tie.bind(batch);
    this.#options.encoder.bind(batch);
    this.#encodeRows(batch.numRows);
    if (this.#memoryBytes > this.#options.memoryBytes) this.#spill();
  }

  /** The partitions to which no row can come any more, each given once. */
  takeWhole(): Partition[] {
    const whole = this.#whole;
    this.#whole = [];
    for (const { rows } of whole) this.#memoryBytes -= rows.memoryBytes;
    return whole;
  }

  /** Says that all rows were written: every partition is whole. */
  end(): void {
    this.#whole = this.#whole.concat(this.#open.splice(0));
  }

  /** Rows that go to one partition and do not tie are encoded together. */
  #encodeRows(rowCount: number): void {
    let run: Run | undefined;
    for (let row = 0; row < rowCount; row++) {
      const partition = this.#partitionOf(row);
      const isTied = this.#isTied(row);
      if (run !== undefined && run.partition === partition && row < run.limit && !isTied) continue;
      if (run !== undefined) this.#encodeRun(run, row);
      run = { partition, begin: row, isTied, limit: isTied ? 0 : row + this.#longestRun() };
    }
    if (run !== undefined) this.#encodeRun(run, rowCount);
  }

  #isTied(row: number): boolean {
    const { ties } = this.#options;
    return ties !== undefined && allTie(ties, row);
  }

  #encodeRun({ partition: { rows }, begin, isTied }: Run, end: number): void {
    const { encoder, ties } = this.#options;
    if (ties === undefined) rows.beginUnorderedRow();
    else rows.beginRow(isTied);
    const before = rows.out.length;
    const lastBegin = encoder.encodeRows(begin, end, rows.out);
    rows.endRows(end - begin, lastBegin);
    const bytes = rows.out.length - before;
    this.#rowBytes = bytes / (end - begin);
    this.#memoryBytes += bytes;
  }

  /** As many rows as the last ones let expect not to make a partition's buffer grow. */
  #longestRun(): number {
    return Math.max(1, Math.min(LONGEST_RUN, Math.floor(RUN_BYTES / this.#rowBytes)));
  }

  #partitionOf(row: number): Partition {
    let node: KeyMap | Partition | undefined = this.#root;
    for (const reader of this.#readers) node = node instanceof Map ? node.get(reader.read(row)) : undefined;
    return node === undefined || node instanceof Map ? this.#create(row) : node;
  }

  #create(row: number): Partition {
    if (this.#options.ties !== undefined || this.#options.grouped) this.#closePrevious();
    const keys = this.#readers.map((reader) => reader.read(row));
    const spillPath = join(this.#options.spillFolder, `partition-${this.#created++}.rows`);
    const partition = { keys, rows: new PartitionRows(spillPath, this.#pool) };
    this.#open.push(partition);
    this.#register(partition);
    return partition;
  }

  #closePrevious(): void {
    this.end();
    this.#root = new Map();
  }

  #register(partition: Partition): void {
    let map = this.#root;
    for (const key of partition.keys.slice(0, -1)) map = descend(map, key);
    map.set(partition.keys.at(-1) ?? null, partition);
  }

  /** Writes the largest partitions to disk until half of the budget is free: few writes, each of many rows. */
  #spill(): void {
    const bySize = this.#open.toSorted((a, b) => b.rows.memoryBytes - a.rows.memoryBytes);
    for (const { rows } of bySize) {
      if (this.#memoryBytes <= this.#options.memoryBytes / 2) return;
      this.#memoryBytes -= rows.spill();
    }
  }
}

function allTie(ties: readonly TieReader[], row: number): boolean {
  let tied = true;
  for (const tie of ties) tied = tie.tiesWithPrevious(row) && tied;
  return tied;
}

function descend(map: KeyMap, key: PartitionKey): KeyMap {
  const known = map.get(key);
  if (known instanceof Map) return known;
  const next: KeyMap = new Map();
  map.set(key, next);
  return next;
}
