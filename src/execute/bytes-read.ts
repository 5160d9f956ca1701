import { readFileSync } from 'node:fs';

/**
 * Bytes that this process has read from files so far; `undefined` where the system does not count them. DuckDB's
 * own progress weighs a CSV file by a guess of its rows, and stands still beside a larger table.
 * https://docs.kernel.org/filesystems/proc.html#proc-pid-io-display-the-io-accounting-fields
 */
export function bytesRead(): number | undefined {
  try {
    const [, count] = /^rchar: (\d+)/m.exec(readFileSync('/proc/self/io', 'utf8')) ?? [];
    return count === undefined ? undefined : Number(count);
  } catch {
    return undefined;
  }
}
