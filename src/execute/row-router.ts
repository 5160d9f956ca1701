import { join } from 'node:path';
import type { RecordBatch, Schema } from 'apache-arrow';
import type { RowEncoder } from '../encode/row-encoder.ts';
import type { KeyReader } from './order-key.ts';
import { createPartitionKeyReader, type PartitionKey, type PartitionKeyReader } from './partition-key.ts';
import { PartitionRows } from './partition-rows.ts';

export interface RowRouterOptions {
  readonly schema: Schema;
  readonly encoder: RowEncoder;
  readonly partitionBy: readonly string[];
  /** Readers of the order keys; none: the order of rows does not matter. */
  readonly keys: readonly KeyReader[];
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

type KeyMap = Map<PartitionKey, KeyMap | Partition>;

/** Encodes rows into their partitions' buffers, in one pass over the batches. */
export class RowRouter {
  rowCount = 0;
  readonly #options: RowRouterOptions;
  readonly #readers: readonly PartitionKeyReader[];
  readonly #root: KeyMap = new Map();
  readonly #partitions: Partition[] = [];
  #memoryBytes = 0;

  constructor(options: RowRouterOptions) {
    this.#options = options;
    this.#readers = options.partitionBy.map((column) => createPartitionKeyReader(options.schema, column));
  }

  /** In the order of their first row. */
  get partitions(): readonly Partition[] {
    return this.#partitions;
  }

  /** The partition of these keys; it is made when it is new, also without a row. */
  partition(keys: readonly PartitionKey[]): Partition {
    let map = this.#root;
    for (const key of keys.slice(0, -1)) map = this.#descend(map, key);
    const last = keys.at(-1) ?? null;
    const known = map.get(last);
    if (known !== undefined && !(known instanceof Map)) return known;
    const partition = this.#create(keys);
    map.set(last, partition);
    return partition;
  }

  write(batch: RecordBatch): void {
    for (const reader of this.#readers) reader.bind(batch);
    for (const key of this.#options.keys) key.bind(batch);
    this.#options.encoder.bind(batch);
    this.#encodeRows(batch.numRows);
    this.rowCount += batch.numRows;
    if (this.#memoryBytes > this.#options.memoryBytes) this.#spill();
  }

  #encodeRows(rowCount: number): void {
    const { encoder, keys } = this.#options;
    const { separator } = encoder.frame;
    let previous: PartitionKey | undefined;
    let rows: PartitionRows | undefined;
    const [reader] = this.#readers;
    const single = this.#readers.length === 1 ? reader : undefined;
    for (let row = 0; row < rowCount; row++) {
      const key = single?.read(row);
      if (rows === undefined || key === undefined || key !== previous) rows = this.#rowsOf(row, key);
      previous = key;
      const before = rows.byteLength;
      rows.beginRow(keys, row);
      encoder.encodeRow(row, rows.out);
      rows.endRow(separator);
      this.#memoryBytes += rows.byteLength - before;
    }
  }

  #rowsOf(row: number, key: PartitionKey | undefined): PartitionRows {
    if (key !== undefined) {
      const known = this.#root.get(key);
      if (known !== undefined && !(known instanceof Map)) return known.rows;
    }
    return this.partition(this.#readers.map((reader) => reader.read(row))).rows;
  }

  #descend(map: KeyMap, key: PartitionKey): KeyMap {
    const known = map.get(key);
    if (known instanceof Map) return known;
    const next: KeyMap = new Map();
    map.set(key, next);
    return next;
  }

  #create(keys: readonly PartitionKey[]): Partition {
    const spillPath = join(this.#options.spillFolder, `partition-${this.#partitions.length}.rows`);
    const partition = { keys, rows: new PartitionRows(spillPath, this.#options.keys.length) };
    this.#partitions.push(partition);
    return partition;
  }

  /** Writes the largest partitions to disk until half of the budget is free: few writes, each of many rows. */
  #spill(): void {
    const bySize = [...this.#partitions].sort((a, b) => b.rows.memoryBytes - a.rows.memoryBytes);
    for (const { rows } of bySize) {
      if (this.#memoryBytes <= this.#options.memoryBytes / 2) return;
      this.#memoryBytes -= rows.spill();
    }
  }
}
