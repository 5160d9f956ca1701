import type { RunEnd } from '../../src/report/run-end.ts';

/** A run of three tasks, one of which failed. */
export function someEnd(changes: Partial<RunEnd> = {}): RunEnd {
  return {
    job: 'sales',
    runId: 'r1',
    status: 'failed',
    elapsedMs: 1500,
    error: 'stats 2: no space left',
    failures: [{ task: 'stats 2', message: 'no space left' }],
    tasks: { total: 4, done: 2, failed: 1 },
    rows: 12,
    outputs: 0,
    warnings: [],
    folder: '/o/_pitwall/sales/runs/r1',
    ...changes,
  };
}
