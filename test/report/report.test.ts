import { describe, expect, it } from 'vitest';
import { describeProgress } from '../../src/report/describe-progress.ts';
import type { RunEvent, RunProgress, RunResult } from '../../src/report/event.ts';
import { VOID_SINK } from '../../src/report/event.ts';
import { formatSummary } from '../../src/report/format-summary.ts';
import { createTerminalReport } from '../../src/report/terminal-report.ts';
import { textTable } from '../../src/report/text-table.ts';
import { trackProgress } from '../../src/report/track-progress.ts';

const progress = (changes: Partial<RunProgress> = {}): RunProgress => ({
  phase: 'writing stats',
  fraction: 0.25,
  bytes: 5_000_000,
  rows: 1200,
  elapsedMs: 2000,
  ...changes,
});

const result = (changes: Partial<RunResult> = {}): RunResult => ({
  run_id: 'r',
  job: 'sales',
  status: 'succeeded',
  engine: 'local',
  elapsed_s: 2,
  tasks: { total: 1, run: 1, skipped: 0, failed: 0 },
  input_bytes: 3_000_000,
  rows: 11,
  outputs: [
    { path: '/home/me/out/a.json', rows: 10, bytes: 1500, sha256: '' },
    { path: '/data/b.json', rows: 1, bytes: 2, sha256: '' },
  ],
  checks: [],
  ...changes,
});

/** What the report of these events prints on a pipe. */
async function printed(events: readonly RunEvent[], quiet = false): Promise<string[]> {
  const lines: string[] = [];
  const report = await createTerminalReport({ err: (text) => lines.push(text), isScreen: false }, { quiet });
  for (const event of events) report.event(event);
  report.close();
  return lines;
}

const EVENTS: readonly RunEvent[] = [
  { kind: 'started', runId: 'r', job: 'sales' },
  { kind: 'planned', inputBytes: 2_500_000, inputFiles: 1, tasks: 1 },
  { kind: 'progress', progress: progress({ phase: 'reading orders', rows: 0, elapsedMs: 0 }) },
  { kind: 'progress', progress: progress({ phase: 'reading orders', rows: 0, elapsedMs: 900 }) },
  { kind: 'warning', message: 'check names: 1 row breaks it, such as {}' },
  { kind: 'progress', progress: progress({ rows: 1, elapsedMs: 1250 }) },
  { kind: 'progress', progress: progress({ rows: 70, elapsedMs: 1300 }) },
  { kind: 'published', result: result() },
];

describe('a report without a screen', () => {
  it('has a line for each phase, and each warning', async () => {
    expect(await printed(EVENTS)).toEqual([
      'reading 1 file, 2.5 MB\n',
      '0.0 s: reading orders\n',
      'warning: check names: 1 row breaks it, such as {}\n',
      '1.3 s: writing stats, 1 row so far\n',
    ]);
  });

  it('has the warnings alone when it is to be quiet', async () => {
    expect(await printed(EVENTS, true)).toEqual(['warning: check names: 1 row breaks it, such as {}\n']);
  });

  it('may be no report', () => {
    expect(EVENTS.map((event) => VOID_SINK(event)).every((returned) => returned === undefined)).toBe(true);
  });
});

describe('the progress bar', () => {
  it('tells bytes, rows, rate and the time left', () => {
    expect(describeProgress(progress())).toEqual({
      phase: 'writing stats',
      bytes: '5.0 MB',
      rows: '1200 rows',
      rate: '2.5 MB/s',
      left: '6 s left',
    });
  });

  it.each([
    [{ fraction: 0.02 }, ''],
    [{ fraction: 1 }, '0 s left'],
    [{ fraction: 0.1, elapsedMs: 20_000 }, '3 min left'],
    [{ fraction: 0.1, elapsedMs: 3_600_000 }, '9.0 h left'],
    [{ elapsedMs: 0 }, '1 s left'],
  ])('with %j says "%s"', (changes, left) => {
    expect(describeProgress(progress(changes)).left).toBe(left);
  });
});

describe('progress', () => {
  it('has the time since the start and never goes back', () => {
    let now = 1000;
    const seen: RunProgress[] = [];
    const track = trackProgress(
      (event) => event.kind === 'progress' && seen.push(event.progress),
      () => now,
    );
    const steps: [number, number][] = [
      [1000, 0],
      [1500, 0.5],
      [2000, 0.25],
      [2500, 0.75],
    ];
    for (const [time, fraction] of steps) {
      now = time;
      track({ phase: 'p', fraction, bytes: 1, rows: 2 });
    }
    expect(seen).toEqual([
      { phase: 'p', fraction: 0, bytes: 1, rows: 2, elapsedMs: 0 },
      { phase: 'p', fraction: 0.5, bytes: 1, rows: 2, elapsedMs: 500 },
      { phase: 'p', fraction: 0.5, bytes: 1, rows: 2, elapsedMs: 1000 },
      { phase: 'p', fraction: 0.75, bytes: 1, rows: 2, elapsedMs: 1500 },
    ]);
  });
});

describe('a summary', () => {
  it('has the outputs with their rows and bytes, below the working directory or whole, and the rates', () => {
    expect(formatSummary(result(), '/home/me')).toBe(
      [
        'sales: published 2 files, 11 rows, 1.5 kB in 2 s (6 rows/s, 1.5 MB/s read)',
        '  out/a.json  10 rows, 1.5 kB',
        '  /data/b.json  1 row, 2 B',
        '',
      ].join('\n'),
    );
  });

  it('shows twenty outputs of many', () => {
    const outputs = Array.from({ length: 23 }, (_, index) => ({
      path: `/o/${index}`,
      rows: 1,
      bytes: 1,
      sha256: '',
    }));
    const lines = formatSummary(result({ outputs, elapsed_s: 0, rows: 0, input_bytes: 0 }), '/o').split('\n');
    expect([lines.length, lines[0], lines[20], lines[21]]).toEqual([
      23,
      'sales: published 23 files, 0 rows, 23 B in 0 s (0 rows/s, 0 B/s read)',
      '  19  1 row, 1 B',
      '  … and 3 more',
    ]);
  });
});

describe('a table of texts', () => {
  it('has its columns aligned, over a rule', () => {
    expect(
      textTable(
        ['a', 'name'],
        [
          ['10', 'x'],
          ['2', 'é\ny'],
        ],
      ),
    ).toBe('a   name\n──  ────\n10  x\n2   é y\n');
  });

  it('cuts what is long, and is its head without rows', () => {
    const [, , row] = textTable(['a'], [['x'.repeat(61)]]).split('\n');
    expect(row).toBe(`${'x'.repeat(59)}…`);
    expect(textTable(['a', 'b'], [])).toBe('a  b\n─  ─\n');
  });
});
