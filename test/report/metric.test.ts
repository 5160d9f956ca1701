import { describe, expect, it } from 'vitest';
import type { RunEvent, RunResult } from '../../src/report/event.ts';
import { toEmf } from '../../src/report/metric.ts';
import { openRunLog } from '../../src/report/run-log.ts';
import { collectMetrics, taskMetrics } from '../../src/report/run-metrics.ts';
import { emfProblems } from './emf-rules.ts';

const place = { stepId: 'stats', worker: 0 };
const EVENTS: readonly RunEvent[] = [
  { kind: 'planned', inputBytes: 500, inputFiles: 1, steps: ['stats'] },
  { kind: 'task', event: { kind: 'task retried', ...place, index: 0, reason: 'killed' } },
  {
    kind: 'task',
    event: { kind: 'task committed', ...place, index: 0, rows: 7, elapsedMs: 1, spillBytes: 40 },
  },
  { kind: 'task', event: { kind: 'task committed', ...place, index: 1, rows: 5, elapsedMs: 1 } },
  { kind: 'task', event: { kind: 'task failed', ...place, index: 2, message: 'no' } },
];
const cost = (dollars: number | null) => ({ vcpu_hours: 1, gb_hours: 2, dollars });
const RESULT: RunResult = {
  ...{
    run_id: 'r',
    job: 'sales',
    status: 'partial',
    engine: 'local',
    elapsed_s: 2,
    input_bytes: 500,
    rows: 11,
  },
  tasks: { total: 3, run: 2, skipped: 0, failed: 1 },
  outputs: [1, 2].map((bytes) => ({ path: `/o/${bytes}`, rows: 1, bytes, sha256: '' })),
  checks: [],
  cost: { estimate: cost(0.5), actual: cost(0.25) },
};

function valuesOf(result?: RunResult): Record<string, number> {
  const collector = collectMetrics();
  for (const event of EVENTS) collector.event(event);
  return Object.fromEntries(collector.metrics(1234.4, result).map(({ name, value }) => [name, value]));
}

describe('the metrics of a run', () => {
  const counted = { InputBytes: 500, Tasks: 2, FailedTasks: 1, Retries: 1, SpillBytes: 40, Duration: 1234 };

  it('that published are its rows, bytes, tasks, retries, spill, time and cost', () => {
    expect(valuesOf(RESULT)).toEqual({
      ...{ ...counted, Rows: 11, OutputBytes: 3, Succeeded: 1, Failed: 0 },
      ...{ GBHours: 2, Cost: 0.25, EstimatedCost: 0.5 },
    });
  });

  it('that failed say so, and have no cost', () => {
    expect(valuesOf()).toEqual({ ...counted, Rows: 12, OutputBytes: 0, Succeeded: 0, Failed: 1 });
  });

  it('without a price have no cost in dollars', () => {
    const values = valuesOf({ ...RESULT, cost: { estimate: cost(null), actual: cost(null) } });
    expect(Object.keys(values)).toContain('GBHours');
    expect(Object.keys(values)).not.toContain('Cost');
  });
});

describe('the embedded metric format', () => {
  it('is kept to by the metrics of runs and of tasks, as they are and as lines of a log', async () => {
    const collector = collectMetrics();
    for (const event of EVENTS) collector.event(event);
    const task = taskMetrics({ rows: 3, elapsedMs: 4 });
    for (const values of [collector.metrics(1, RESULT), collector.metrics(1), task]) {
      expect(emfProblems(toEmf({ job: 'sales', engine: 'local' }, values))).toEqual([]);
      const lines: string[] = [];
      const log = await openRunLog({ kind: 'stderr' }, { stderr: (line) => lines.push(line) });
      log.event({ kind: 'metrics', job: 'sales', engine: 'local', values });
      expect(emfProblems(JSON.parse(lines[0] ?? ''))).toEqual([]);
    }
  });

  it('has the namespace Pitwall and the dimensions job and engine', () => {
    expect(toEmf({ job: 'sales', engine: 'batch' }, [{ name: 'Rows', unit: 'Count', value: 3 }], 5)).toEqual({
      _aws: {
        Timestamp: 5,
        CloudWatchMetrics: [
          {
            Namespace: 'Pitwall',
            Dimensions: [['job', 'engine']],
            Metrics: [{ Name: 'Rows', Unit: 'Count' }],
          },
        ],
      },
      ...{ job: 'sales', engine: 'batch', Rows: 3 },
    });
  });

  it.each([
    [{}, '_aws is no object'],
    [{ _aws: { Timestamp: 1.5, CloudWatchMetrics: [] } }, 'Timestamp is no whole number of milliseconds'],
    [withDirective({ Namespace: ' ' }), 'Namespace is blank or too long'],
    [withDirective({ Dimensions: [] }), 'Dimensions is no list of sets'],
    [withDirective({ Dimensions: [['shop']] }), 'the dimension shop has no text at the root'],
    [withDirective({ Metrics: [{ Name: 'Lost' }] }), 'the metric Lost has no number at the root'],
    [withDirective({ Metrics: [{ Name: 'Rows', Unit: 'Rows' }] }), 'the metric Rows has the unit Rows'],
    [withDirective({ Metrics: Array(101).fill({ Name: 'Rows' }) }), 'there are 101 metrics'],
    [withDirective({ Colour: 'red' }), 'the directive has the member Colour'],
  ])('has rules that find what is wrong in %j', (document, problem) => {
    expect(emfProblems(document)).toContain(problem);
  });
});

function withDirective(changes: object): object {
  const directive = {
    Namespace: 'Pitwall',
    Dimensions: [['job']],
    Metrics: [{ Name: 'Rows', Unit: 'Count' }],
  };
  return { _aws: { Timestamp: 1, CloudWatchMetrics: [{ ...directive, ...changes }] }, job: 'sales', Rows: 1 };
}
