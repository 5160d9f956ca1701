import type { Duration } from 'aws-cdk-lib';
import { MathExpression } from 'aws-cdk-lib/aws-cloudwatch';

/** What Pitwall writes in Embedded Metric Format at the end of each run, for each job and engine; see docs/operations.md. */
export const NAMESPACE = 'Pitwall';
const DIMENSIONS = 'job, engine';

export type RunMetric =
  | 'Succeeded'
  | 'Failed'
  | 'Rows'
  | 'InputBytes'
  | 'OutputBytes'
  | 'Tasks'
  | 'FailedTasks'
  | 'Retries'
  | 'Duration'
  | 'SpillBytes'
  | 'EstimatedCost';

export type Statistic = 'SUM' | 'MAX';

/**
 * A metric of all jobs and engines together, by a query: an alarm can watch one, and cannot watch a search.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-metrics-insights-querylanguage.html
 */
export function runMetric(name: RunMetric, statistic: Statistic, period: Duration): MathExpression {
  return query(`SELECT ${statistic}(${name}) FROM SCHEMA(${NAMESPACE}, ${DIMENSIONS})`, name, period);
}

/** A metric with a line for each job. */
export function runMetricByJob(name: RunMetric, statistic: Statistic, period: Duration): MathExpression {
  const from = `FROM SCHEMA(${NAMESPACE}, ${DIMENSIONS}) GROUP BY job`;
  return query(`SELECT ${statistic}(${name}) ${from}`, '', period);
}

function query(expression: string, label: string, period: Duration): MathExpression {
  return new MathExpression({ expression, label, usingMetrics: {}, period });
}
