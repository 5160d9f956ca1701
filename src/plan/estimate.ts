import type { InputFormat } from '../job/job.ts';
import type { PlannedFile } from './plan.ts';
import type { TaskEstimate } from './step-plan.ts';

/** Bytes as they are stored that one processor reads, computes and writes in a second; measured on race_stats. */
const BYTES_PER_SECOND: Readonly<Record<InputFormat, number>> = {
  csv: 120e6,
  parquet: 60e6,
  ndjson: 60e6,
  json: 60e6,
};
/** Bytes in memory for a byte as it is stored. */
const MEMORY_FACTORS: Readonly<Record<InputFormat, number>> = { csv: 1, parquet: 4, ndjson: 1, json: 2 };
/** What a byte of gzip or zstd becomes. */
const COMPRESSED_FACTOR = 4;
/** A session with nothing in it. */
const BASE_MEMORY_BYTES = 64 * 2 ** 20;

/** To open a file, or to write one, takes as long as to read so many bytes. */
export const BYTES_PER_FILE = 16 * 1024;

/** Something that a task reads. */
export interface Read {
  readonly format: InputFormat;
  readonly files: number;
  readonly bytes: number;
  /** The same, decompressed. */
  readonly plainBytes: number;
}

/** What files, or parts of files, are to read. */
export function readOfFiles(format: InputFormat, files: readonly PlannedFile[]): Read {
  let bytes = 0;
  let plainBytes = 0;
  for (const { sizeBytes, compression } of files) {
    bytes += sizeBytes;
    plainBytes += compression === 'none' ? sizeBytes : sizeBytes * COMPRESSED_FACTOR;
  }
  return { format, files: files.length, bytes, plainBytes };
}

/** What an earlier step's rows are to read: Parquet. */
export function readOfStep(files: number, bytes: number): Read {
  return { format: 'parquet', files, bytes, plainBytes: bytes };
}

/** How much a task reads, its memory, and its seconds on one processor: a guess from bytes alone. */
export function estimateTask(reads: readonly Read[]): TaskEstimate {
  const sum = (amount: (read: Read) => number) => reads.reduce((total, read) => total + amount(read), 0);
  return {
    files: sum(({ files }) => files),
    inputBytes: Math.round(sum(({ bytes }) => bytes)),
    memoryBytes: Math.round(
      BASE_MEMORY_BYTES + sum(({ format, plainBytes }) => plainBytes * MEMORY_FACTORS[format]),
    ),
    seconds: sum(
      ({ format, files, plainBytes }) => (plainBytes + files * BYTES_PER_FILE) / BYTES_PER_SECOND[format],
    ),
  };
}
