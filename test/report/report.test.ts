import { describe, expect, it } from 'vitest';
import { describeProgress } from '../../src/report/describe-progress.ts';
import type { RunEvent, RunProgress, RunResult } from '../../src/report/event.ts';
import { VOID_SINK } from '../../src/report/event.ts';
import { formatSummary } from '../../src/report/format-summary.ts';
import { createTerminalReport } from '../../src/report/terminal-report.ts';
import { textTable } from '../../src/report/text-table.ts';

const progress = (changes: Partial<RunProgress> = {}): RunProgress => ({
  phase: 'writing stats',
  fraction: 0.25,
  bytes: 5_000_000,
  rows: 1200,
  elapsedMs: 2000,
  tasks: { total: 1, done: 0, running: 1, failed: 0 },
  workers: [],
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
  { kind: 'planned', inputBytes: 2_500_000, inputFiles: 1, steps: ['fused'] },
  { kind: 'step', stepId: 'fused', tasks: 1, skipped: 0, bytes: 2_500_000 },
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

  it('has a line for each step of several tasks, and what became of its tasks', async () => {
    const task = { stepId: 'stats', index: 4, worker: 1 };
    expect(
      await printed([
        { kind: 'waiting', holder: 'run r1' },
        { kind: 'step', stepId: 'stats', tasks: 75, committed: 5, skipped: 2, bytes: 2_500_000 },
        { kind: 'task', event: { kind: 'task started', attempt: 'a', ...task } },
        { kind: 'task', event: { kind: 'task retried', reason: 'killed by SIGKILL', ...task } },
        { kind: 'task', event: { kind: 'task failed', message: 'stats 4: out of memory', ...task } },
        { kind: 'step', stepId: 'checks', tasks: 1, skipped: 0, bytes: 1 },
      ]),
    ).toEqual([
      'waiting for run r1\n',
      'stats: 75 tasks, 2.5 MB, 5 committed before, 2 unchanged and skipped\n',
      'retrying stats 4: killed by SIGKILL\n',
      'failed: stats 4: stats 4: out of memory\n',
    ]);
  });

  it('has a line about all tasks every ten seconds', async () => {
    const tasks = { total: 75, done: 12, running: 4, failed: 1 };
    const at = (elapsedMs: number): RunEvent => ({
      kind: 'progress',
      progress: progress({ phase: 'stats', elapsedMs, tasks }),
    });
    expect(await printed([at(100), at(9_999), at(10_000), at(12_000), at(20_000)])).toEqual([
      '10 s: stats: 12 of 75 tasks, 4 running, 1 failed, 5.0 MB, 1200 rows, 500.0 kB/s, 30 s left\n',
      '20 s: stats: 12 of 75 tasks, 4 running, 1 failed, 5.0 MB, 1200 rows, 250.0 kB/s, 1 min left\n',
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
      tasks: '',
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

  it('says that nothing had to be done', () => {
    const tasks = { total: 2, run: 0, skipped: 2, failed: 0 };
    expect(formatSummary(result({ status: 'unchanged', tasks }), '/o')).toBe(
      'sales: unchanged, nothing to do; 2 files as published (2 s)\n',
    );
  });

  it('says what a partial run lacks, and what was skipped', () => {
    const missing = [
      { step: 'stats', index: 4, partitions: [{ year: '2024' }, { year: null }], message: 'out of memory' },
      { step: 'winners', index: 0, partitions: [], message: 'killed by SIGSEGV' },
    ];
    const tasks = { total: 8, run: 3, skipped: 4, failed: 1 };
    expect(formatSummary(result({ status: 'partial', missing, tasks, outputs: [] }), '/o')).toBe(
      [
        'sales: published a part: 0 files, 11 rows, 0 B in 2 s, 4 of 8 tasks done before',
        'missing 2 parts:',
        '  stats year=2024, year=NULL: out of memory',
        '  winners 0: killed by SIGSEGV',
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
