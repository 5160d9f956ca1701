import { type Duration, Stack } from 'aws-cdk-lib';
import { MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';

/** What Pitwall writes in Embedded Metric Format at the end of each run; see docs/operations.md. */
export const NAMESPACE = 'Pitwall';

export const RUN_METRICS = {
  runs: 'Runs',
  failed: 'FailedRuns',
  rows: 'Rows',
  inputBytes: 'InputBytes',
  outputBytes: 'OutputBytes',
  tasks: 'Tasks',
  failedTasks: 'FailedTasks',
  retries: 'Retries',
  duration: 'Duration',
  spill: 'SpilledBytes',
  cost: 'EstimatedCost',
} as const;

export type RunMetric = keyof typeof RUN_METRICS;

/** A metric of all jobs together. */
export function runMetric(name: RunMetric, statistic: string, period: Duration): Metric {
  return new Metric({ namespace: NAMESPACE, metricName: RUN_METRICS[name], statistic, period });
}

/** A metric with a line for each job. */
export function runMetricByJob(
  scope: Construct,
  name: RunMetric,
  statistic: string,
  period: Duration,
): MathExpression {
  const search = `SEARCH('{${NAMESPACE},job} MetricName="${RUN_METRICS[name]}"', '${statistic}', ${period.toSeconds()})`;
  const { region } = Stack.of(scope);
  return new MathExpression({
    expression: search,
    label: '',
    usingMetrics: {},
    period,
    searchRegion: region,
  });
}
