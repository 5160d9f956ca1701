import type { TaskEstimate } from './step-plan.ts';
import { formatBytes } from './text-amounts.ts';

/** What work may take at most. */
export interface Room {
  /** DuckDB's. */
  readonly memoryBytes: number;
  /** Free for staged inputs and outputs. */
  readonly diskBytes: number;
  readonly seconds: number;
  readonly threads: number;
}

/** An input is staged, and its outputs are seldom larger. */
const DISK_FACTOR = 2;
/** An estimate is of reading and computing; fetching, encoding and publishing take time too, and guesses are rough. */
const TIME_FACTOR = 3;
/** To start, and to publish. */
const BASE_SECONDS = 5;

/** Says which room the work does not fit into by its estimate: `memory: about 3.1 GB of 1.2 GB`; `undefined` if it fits. */
export function exceededRoom(estimate: TaskEstimate, room: Room): string | undefined {
  const { inputBytes, memoryBytes } = estimate;
  const diskBytes = inputBytes * DISK_FACTOR;
  const seconds = expectedSeconds(estimate, room.threads);
  if (memoryBytes > room.memoryBytes)
    return `memory: about ${formatBytes(memoryBytes)} of ${formatBytes(room.memoryBytes)}`;
  if (diskBytes > room.diskBytes)
    return `disk: about ${formatBytes(diskBytes)} of ${formatBytes(room.diskBytes)}`;
  if (seconds > room.seconds) return `time: about ${Math.ceil(seconds)} s of ${Math.floor(room.seconds)} s`;
  return undefined;
}

/** On a machine with so many threads. */
export function expectedSeconds({ seconds }: TaskEstimate, threads: number): number {
  return BASE_SECONDS + (seconds * TIME_FACTOR) / threads;
}
