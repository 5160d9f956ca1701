import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/report/event.ts';
import { collectEnd, happenings } from '../../src/report/run-end.ts';

const place = { stepId: 'stats', worker: 0 };
const failed = (index: number): RunEvent => ({
  kind: 'task',
  event: { kind: 'task failed', ...place, index, message: `no ${index}` },
});
const warning = { name: 'late', severity: 'warn' as const, violations: 2, examples: [] };

describe('the end of a run', () => {
  it('is gathered from its events', () => {
    let now = 0;
    const collector = collectEnd('sales', () => now);
    const events: RunEvent[] = [
      { kind: 'started', runId: 'r1', job: 'sales' },
      { kind: 'planned', inputBytes: 1, inputFiles: 1, steps: ['stats'], runId: 'r0', folder: '/o/r0' },
      { kind: 'step', stepId: 'stats', tasks: 20, committed: 3, skipped: 1, bytes: 1 },
      { kind: 'task', event: { kind: 'task committed', ...place, index: 0, rows: 7, elapsedMs: 1 } },
      ...Array.from({ length: 12 }, (_, index) => failed(index)),
      { kind: 'checks', checks: [warning, { ...warning, violations: 0 }, { ...warning, severity: 'error' }] },
    ];
    for (const event of events) collector.event(event);
    now = 2500;
    const end = collector.end({ status: 'failed', error: 'no 0' });
    expect(end).toMatchObject({
      ...{ job: 'sales', runId: 'r0', folder: '/o/r0', elapsedMs: 2500, rows: 7, error: 'no 0' },
      ...{ tasks: { total: 20, done: 4, failed: 12 }, warnings: [warning] },
    });
    expect(end.failures).toHaveLength(10);
    expect(end.failures[1]).toEqual({ task: 'stats 1', message: 'no 1' });
  });

  it.each([
    ['succeeded', [], ['success']],
    ['succeeded', [warning], ['success', 'check_warning']],
    ['partial', [], ['failure', 'success']],
    ['failed', [], ['failure']],
    ['interrupted', [warning], ['failure', 'check_warning']],
    ['unchanged', [], []],
  ] as const)('as %s with warnings %j is %j', (status, warnings, expected) => {
    expect(happenings({ status, warnings })).toEqual(expected);
  });
});
