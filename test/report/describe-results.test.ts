import { expect, it } from 'vitest';
import { describeResults } from '../../src/report/describe-results.ts';
import type { NodeResult, RunResults } from '../../src/report/run-results.ts';

const result = (unique_id: string, changes: Partial<NodeResult>): NodeResult => ({
  ...{
    unique_id,
    status: 'success',
    execution_time: 0,
    message: null,
    failures: null,
    rows: null,
    timing: [],
  },
  ...changes,
});

const results = (changes: Partial<RunResults>): RunResults => ({
  metadata: {
    schema: 'pitwall/run-results/v1',
    generated_at: '2026-11-23T03:24:56.796Z',
    invocation_id: 'r1',
    pitwall_version: '0.2.0',
  },
  args: { set: { out: 'o' }, only: {}, force: false, workers: 2 },
  elapsed_time: 3,
  results: [],
  pitwall: {
    ...{ run_id: 'r1', job: 'my.sales', status: 'failed', engine: 'local', elapsed_s: 3 },
    message: '1 task failed',
  },
  ...changes,
});

it('a run that failed is told by its steps, its failed tasks and its checks', () => {
  const tasks = [
    result('task.my.sales.stats.write.0', { rows: 7, execution_time: 1.25 }),
    result('task.my.sales.stats.write.1', { status: 'error', message: 'no', execution_time: 1 }),
    result('task.my.sales.checks.0', { status: 'skipped', message: 'not run' }),
    result('step.my.sales.stats', { status: 'skipped' }),
    result('check.my.sales.unique', { status: 'pass', failures: 0 }),
    result('check.my.sales.names', { status: 'warn', failures: 2, message: '{"id":1}\n{"id":2}' }),
  ];
  expect(describeResults(results({ results: tasks }), '/')).toBe(
    [
      'run r1 of job my.sales: failed after 3 s, ended 2026-11-23T03:24:56.796Z, pitwall 0.2.0',
      '  set: {"out":"o"}',
      '  workers: 2',
      '  1 task failed',
      'step stats.write: 2 tasks (1 success, 1 error), 7 rows, 2.3 s of work',
      'step checks: 1 task (1 skipped), 0 rows, 0.0 s of work',
      'failed: task.my.sales.stats.write.1: no',
      'check unique: pass',
      'check names: warn, 2 rows',
      '    {"id":1}',
      '    {"id":2}',
      '',
    ].join('\n'),
  );
});

it('of many failed tasks twenty are told', () => {
  const failed = Array.from({ length: 22 }, (_, index) =>
    result(`task.my.sales.stats.${index}`, { status: 'error', message: 'no' }),
  );
  const lines = describeResults(results({ results: failed, args: {} }), '/').split('\n');
  expect(lines.filter((line) => line.startsWith('failed: '))).toHaveLength(20);
  expect(lines.at(-2)).toBe('… and 2 more');
});

it('a run that published ends with its outputs', () => {
  const pitwall = {
    ...({ run_id: 'r1', job: 'my.sales', status: 'succeeded', engine: 'local', elapsed_s: 2 } as const),
    ...{ tasks: { total: 1, run: 1, skipped: 0, failed: 0 }, input_bytes: 4, rows: 2, checks: [] },
    outputs: [{ path: '/o/a.json', rows: 2, bytes: 9, sha256: '' }],
  } as const;
  expect(
    describeResults(results({ pitwall, args: {} }), '/o')
      .split('\n')
      .slice(1),
  ).toEqual([
    'my.sales: published 1 file, 2 rows, 9 B in 2 s (1 rows/s, 2 B/s read)',
    '  a.json  2 rows, 9 B',
    '',
  ]);
});
