import { readFile } from 'node:fs/promises';
import { textTable } from '../../src/report/text-table.ts';
import type { Passage } from '../../test/s3/fault-proxy.ts';

/** A line of `--log FILE`, as far as the timeline reads it. */
export interface LogLine {
  readonly time: string;
  readonly msg: string;
}

export async function readLog(path: string): Promise<LogLine[]> {
  const lines = (await readFile(path, 'utf8')).trim().split('\n');
  return lines.map((line): LogLine => JSON.parse(line));
}

const STEP_MS = 250;
const COLUMNS = ['s', 'MB of inputs fetched', 'MB uploaded', 'copies', 'requests under way', 'the run says'];

/**
 * What happened in each quarter of a second of one run: bytes of the inputs that passed, bytes of attempts that were uploaded,
 * copies to their names, and what the run's own events said last. Bytes of a reply are spread evenly over its time.
 *
 * @param inputs - the path of the inputs in their bucket
 */
export function timeline(log: readonly LogLine[], passages: readonly Passage[], inputs: string): string {
  const origin = Math.min(...passages.map(({ startedMs }) => startedMs));
  const end = Math.max(...passages.map(({ endedMs }) => endedMs));
  const rows: string[][] = [];
  for (let from = origin; from < end; from += STEP_MS) {
    const to = from + STEP_MS;
    const amount = (kind: (passage: Passage) => number) =>
      passages.reduce((sum, passage) => sum + kind(passage) * shareWithin(passage, from, to), 0);
    rows.push([
      ((from - origin) / 1000).toFixed(2),
      megabytes(amount((passage) => (passage.path.includes(inputs) ? passage.bytesDown : 0))),
      megabytes(amount((passage) => passage.bytesUp)),
      String(passages.filter((passage) => isCopy(passage) && within(passage.startedMs, from, to)).length),
      String(passages.filter(({ startedMs, endedMs }) => startedMs < to && endedMs >= from).length),
      saidUntil(log, performance.timeOrigin + to),
    ]);
  }
  return textTable(COLUMNS, rows);
}

/** A PUT without a body that no part of an upload is. */
function isCopy({ method, bytesUp }: Passage): boolean {
  return method === 'PUT' && bytesUp === 0;
}

function within(ms: number, from: number, to: number): boolean {
  return ms >= from && ms < to;
}

function shareWithin({ startedMs, endedMs }: Passage, from: number, to: number): number {
  const overlap = Math.min(endedMs, to) - Math.max(startedMs, from);
  return overlap <= 0 ? 0 : overlap / Math.max(endedMs - startedMs, 1);
}

function megabytes(bytes: number): string {
  return bytes < 50_000 ? '' : (bytes / 1e6).toFixed(1);
}

function saidUntil(log: readonly LogLine[], epochMs: number): string {
  const said = log.findLast(({ time }) => Date.parse(time) < epochMs)?.msg ?? '';
  return said.replace(/[0-9a-f-]{36}/, '…');
}
