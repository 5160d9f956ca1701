import { readFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';

/** What a session may use. */
export interface MachineLimits {
  readonly threads: number;
  readonly memoryBytes: number;
}

/** The part of the memory that DuckDB's buffer manager may have: what it does not count needs room as well. */
const DUCKDB_SHARE = 0.6;
/** Below this DuckDB cannot hold the buffers of one thread's scan and one operator. */
const MIN_MEMORY_BYTES = 128 * 1024 * 1024;

/** The processors and 60 % of the memory that this process may use: those of its cgroup where it has one. */
export function machineLimits(wanted: Partial<MachineLimits> = {}): MachineLimits {
  const memory = Math.min(totalmem(), cgroupMemoryBytes() ?? Number.POSITIVE_INFINITY);
  return {
    threads:
      wanted.threads ?? Math.min(availableParallelism(), cgroupProcessors() ?? Number.POSITIVE_INFINITY),
    memoryBytes: wanted.memoryBytes ?? Math.max(MIN_MEMORY_BYTES, Math.floor(memory * DUCKDB_SHARE)),
  };
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
