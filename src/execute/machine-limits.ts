import { readFileSync, statfsSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { dirname } from 'node:path';
import { slurmAllocation } from './slurm-allocation.ts';

/** What a session may use. */
export interface MachineLimits {
  readonly threads: number;
  readonly memoryBytes: number;
  /** What it may spill to the disk; without it, what DuckDB takes: 90 % of the free space. */
  readonly spillBytes?: number | undefined;
}

/** The part of the memory that DuckDB's buffer manager may have: what it does not count needs room as well. */
const DUCKDB_SHARE = 0.6;
/** Below this DuckDB cannot hold the buffers of one thread's scan and one operator. */
export const MIN_MEMORY_BYTES = 128 * 1024 * 1024;

/**
 * The processors and 60 % of the memory that this process may use: those of its cgroup, or of its job in Slurm, where it
 * has one.
 */
export function machineLimits(wanted: Partial<MachineLimits> = {}, env = process.env): MachineLimits {
  const memory = Math.min(totalmem(), cgroupMemoryBytes() ?? Number.POSITIVE_INFINITY);
  const processors = Math.min(availableParallelism(), cgroupProcessors() ?? Number.POSITIVE_INFINITY);
  const own = slurmAllocation(env, { processors, memoryBytes: memory });
  return {
    threads: wanted.threads ?? own.processors,
    memoryBytes: wanted.memoryBytes ?? duckdbMemoryBytes(own.memoryBytes),
  };
}

/** The memory that a process needs of which DuckDB may have so much. */
export function wholeMemoryBytes(duckdbBytes: number): number {
  return Math.ceil(duckdbBytes / DUCKDB_SHARE);
}

/** The same in MiB, by which schedulers count. */
export function wholeMemoryMebibytes(duckdbBytes: number): number {
  return Math.ceil(wholeMemoryBytes(duckdbBytes) / 2 ** 20);
}

/** What DuckDB may have of the memory that a process may use. */
export function duckdbMemoryBytes(wholeBytes: number): number {
  return Math.max(MIN_MEMORY_BYTES, Math.floor(wholeBytes * DUCKDB_SHARE));
}

/** One query that uses all threads beats several that have few; DuckDB's gain from more than this many is small. */
const MOST_THREADS_A_WORKER = 4;
/** The rest of the disk is for outputs and for others. */
const SPILL_SHARE = 0.8;

export interface WantedDivision {
  /** How many workers; by default one for every four threads, fewer where memory is short. */
  readonly workers?: number | undefined;
  /** Of all workers together. */
  readonly threads?: number | undefined;
  /** DuckDB's, of all workers together. */
  readonly memoryBytes?: number | undefined;
  /** A path on the disk that is spilled to; it need not exist yet. */
  readonly spillTo?: string | undefined;
}

export interface WorkerLimits {
  readonly workers: number;
  readonly perWorker: MachineLimits;
  /** Of one worker; `undefined` where the disk is not known. */
  readonly spillBytes: number | undefined;
}

/** Divides a machine among worker processes: a few with several threads each rather than many with one. */
export function divideLimits(limits: MachineLimits, wanted: WantedDivision = {}): WorkerLimits {
  const threads = wanted.threads ?? limits.threads;
  const memoryBytes = wanted.memoryBytes ?? limits.memoryBytes;
  const workers = wanted.workers ?? defaultWorkers(threads, memoryBytes);
  const freeBytes = wanted.spillTo === undefined ? undefined : freeDiskBytes(wanted.spillTo);
  const spillBytes = freeBytes && Math.floor((freeBytes * SPILL_SHARE) / workers);
  const perWorker = {
    threads: Math.max(1, Math.floor(threads / workers)),
    memoryBytes: Math.floor(memoryBytes / workers),
    spillBytes,
  };
  return { workers, perWorker, spillBytes };
}

function defaultWorkers(threads: number, memoryBytes: number): number {
  const byThreads = Math.floor(threads / Math.min(MOST_THREADS_A_WORKER, threads));
  return Math.max(1, Math.min(byThreads, Math.floor(memoryBytes / MIN_MEMORY_BYTES)));
}

/** The folder, or the nearest one above it that exists, tells which disk it is. */
function freeDiskBytes(path: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  } catch {
    return path === dirname(path) ? undefined : freeDiskBytes(dirname(path));
  }
}

/** https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files, and v1 */
function cgroupMemoryBytes(): number | undefined {
  return readLimit('/sys/fs/cgroup/memory.max') ?? readLimit('/sys/fs/cgroup/memory/memory.limit_in_bytes');
}

/** Whole processors of the quota, rounded up. https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu-interface-files */
function cgroupProcessors(): number | undefined {
  const [quota, period] = (readText('/sys/fs/cgroup/cpu.max') ?? 'max').split(' ').map(Number);
  return quota === undefined || period === undefined || Number.isNaN(quota)
    ? undefined
    : Math.max(1, Math.ceil(quota / period));
}

function readLimit(path: string): number | undefined {
  const limit = Number(readText(path) ?? 'max');
  return Number.isNaN(limit) ? undefined : limit;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}
