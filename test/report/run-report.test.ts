import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { PitwallError } from '../../src/error.ts';
import type { CheckResult } from '../../src/execute/record.ts';
import { runFolder } from '../../src/plan/run-folder.ts';
import { collectResults } from '../../src/report/collect-results.ts';
import type { RunEvent, RunResult } from '../../src/report/event.ts';
import { openRunReport } from '../../src/report/run-report.ts';
import { toRunResults } from '../../src/report/run-results.ts';
import { localStorage } from '../../src/storage/local.ts';

const RUN_ID = '01890000-0000-7000-8000-000000000000';
const CHECKS: readonly CheckResult[] = [
  { name: 'orders: unique(id)', severity: 'error', violations: 0, examples: [] },
  { name: 'names', severity: 'warn', violations: 2, examples: ['{"id":1}', '{"id":2}'] },
  { name: 'range', severity: 'error', violations: 1, examples: ['{"id":3}'] },
];
const RESULT: RunResult = {
  run_id: RUN_ID,
  job: 'sales',
  status: 'succeeded',
  engine: 'local',
  elapsed_s: 2,
  tasks: { total: 1, run: 1, skipped: 0, failed: 0 },
  input_bytes: 3,
  rows: 11,
  outputs: [{ path: '/o/a.json', rows: 11, bytes: 15, sha256: 'ab' }],
  checks: CHECKS,
};

const task = { stepId: 'stats', worker: 0 };
const listed: RunEvent = { kind: 'step', stepId: 'stats', tasks: 3, committed: 1, skipped: 2, bytes: 9 };
const started: RunEvent = { kind: 'task', event: { kind: 'task started', index: 0, attempt: 'a', ...task } };
const committed: RunEvent = {
  kind: 'task',
  event: { kind: 'task committed', index: 0, rows: 7, elapsedMs: 5, ...task },
};
const failed: RunEvent = { kind: 'task', event: { kind: 'task failed', index: 2, message: 'no', ...task } };

describe('the results of tasks', () => {
  it('have the shape of dbt, one for each task and one for what a step skipped', () => {
    let now = 1000;
    const collector = collectResults(() => now);
    collector.event(listed);
    collector.event(started);
    now = 3500;
    collector.event(committed);
    collector.event(failed);
    const timing = (from: string, to: string) => [{ name: 'execute', started_at: from, completed_at: to }];
    const [begin, end] = ['1970-01-01T00:00:01.000Z', '1970-01-01T00:00:03.500Z'];
    const common = { failures: null, rows: null };
    expect(collector.results('sales')).toEqual([
      {
        ...{ unique_id: 'task.sales.stats.0', status: 'success', execution_time: 2.5, message: null },
        ...{ failures: null, rows: 7, timing: timing(begin, end) },
      },
      {
        ...{ unique_id: 'task.sales.stats.1', status: 'skipped', execution_time: 0 },
        ...{ message: 'committed before', ...common, timing: [] },
      },
      {
        ...{ unique_id: 'task.sales.stats.2', status: 'error', execution_time: 0, message: 'no' },
        ...{ ...common, timing: timing(end, end) },
      },
      {
        ...{ unique_id: 'step.sales.stats', status: 'skipped', execution_time: 0 },
        ...{ message: '2 units unchanged since an earlier run', ...common, timing: [] },
      },
    ]);
  });

  it('count from what the record says where a cluster tells late, or not at all, that a task began', () => {
    let now = 9000;
    const collector = collectResults(() => now);
    collector.event({ ...listed, committed: 0 });
    collector.event(started);
    now = 9500;
    for (const index of [0, 1])
      collector.event({
        kind: 'task',
        event: { kind: 'task committed', index, rows: 7, elapsedMs: 4000, ...task },
      });
    const times = collector.results('sales').map(({ execution_time }) => execution_time);
    expect(times.slice(0, 2)).toEqual([4, 4]);
  });

  it('tell tasks that a run did not come to from those that it was at', () => {
    const collector = collectResults();
    collector.event({ kind: 'step', stepId: 'stats', tasks: 2, skipped: 0, bytes: 9 });
    collector.event(started);
    expect(collector.results('sales').map(({ message }) => message)).toEqual(['interrupted', 'not run']);
  });
});

describe('run_results.json', () => {
  it('has what dbt has, its checks, and the run as --json prints it', () => {
    const options = { tasks: [], checks: CHECKS, args: { set: { out: 'o' } }, version: '0.2.0', nowMs: 0 };
    const check = { execution_time: 0, rows: null, timing: [] };
    expect(toRunResults({ run: RESULT, ...options })).toEqual({
      metadata: {
        schema: 'pitwall/run-results/v1',
        generated_at: '1970-01-01T00:00:00.000Z',
        invocation_id: RUN_ID,
        pitwall_version: '0.2.0',
      },
      args: { set: { out: 'o' } },
      elapsed_time: 2,
      results: [
        { unique_id: 'check.sales.orders: unique(id)', status: 'pass', message: null, failures: 0, ...check },
        {
          ...{ unique_id: 'check.sales.names', status: 'warn', failures: 2, ...check },
          message: '{"id":1}\n{"id":2}',
        },
        { unique_id: 'check.sales.range', status: 'fail', message: '{"id":3}', failures: 1, ...check },
      ],
      pitwall: RESULT,
    });
  });
});

describe('the report of a run', () => {
  async function someReport() {
    const store = await mkdtemp(join(tmpdir(), 'pitwall-report-'));
    onTestFinished(() => rm(store, { recursive: true, force: true }));
    const folder = runFolder(store, RUN_ID);
    await mkdir(folder.url, { recursive: true });
    const events: RunEvent[] = [];
    const report = openRunReport({
      ...{ storage: localStorage(), folder, job: 'sales', engine: 'local', version: '0.2.0' },
      ...{ args: { set: {} }, onEvent: (event) => events.push(event) },
    });
    const read = async () => ({
      kinds: (await readFile(folder.events, 'utf8'))
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).kind),
      results: JSON.parse(await readFile(folder.results, 'utf8')),
    });
    return { report, events, folder, read };
  }

  it('that succeeded is in its folder, and was told', async () => {
    const { report, events, read } = await someReport();
    for (const event of [listed, started, committed]) report.event(event);
    report.event({ kind: 'checks', checks: CHECKS });
    await report.succeeded(RESULT);
    const kinds = ['step', 'task started', 'task committed', 'checks', 'metrics', 'published'];
    const { results, ...log } = await read();
    expect(log.kinds.filter((kind: string) => kind !== 'progress')).toEqual(kinds);
    expect(results).toMatchObject({ elapsed_time: 2, pitwall: RESULT });
    expect(results.results.map((each: { unique_id: string }) => each.unique_id)).toEqual([
      ...['task.sales.stats.0', 'task.sales.stats.1', 'task.sales.stats.2', 'step.sales.stats'],
      ...['check.sales.orders: unique(id)', 'check.sales.names', 'check.sales.range'],
    ]);
    expect(events.at(-1)).toEqual({ kind: 'published', result: RESULT });
    expect(events.some(({ kind }) => kind === 'progress')).toBe(true);
  });

  it.each([
    [new PitwallError('data', 'wrong', { place: { file: 'a.csv', line: 3 } }), 'failed', 'a.csv:3: wrong'],
    [new PitwallError('interrupted', 'interrupted by SIGINT'), 'interrupted', 'interrupted by SIGINT'],
    [new Error('a bug'), 'failed', 'a bug'],
    ['thrown', 'failed', 'thrown'],
  ])('that ended with %s says so', async (error, status, message) => {
    const { report, events, read } = await someReport();
    report.event(listed);
    await report.failed(error);
    const { results, kinds } = await read();
    expect(results.pitwall).toMatchObject({ run_id: RUN_ID, job: 'sales', status, engine: 'local', message });
    expect(kinds.at(-1)).toBe('failed');
    expect(events.at(-1)).toEqual({ kind: 'failed', message });
  });

  it('that cannot be written is a warning, since the outputs are published', async () => {
    const { report, events, folder } = await someReport();
    await mkdir(folder.results);
    await report.succeeded(RESULT);
    expect(events.at(-1)).toEqual({
      kind: 'warning',
      message: `the outputs are published, but not all of the report: cannot write ${folder.results}: a folder has this name; move it away or change the output's path`,
    });
  });
});
