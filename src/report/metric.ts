/** A measured value, with a unit that CloudWatch knows. */
export interface MetricValue {
  readonly name: string;
  readonly unit: 'Count' | 'Bytes' | 'Milliseconds' | 'None';
  readonly value: number;
}

const NAMESPACE = 'Pitwall';

/**
 * Values as CloudWatch's Embedded Metric Format: a log line of this document becomes metrics of the namespace `Pitwall`
 * with the dimensions `job` and `engine`.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function toEmf(
  { job, engine }: { readonly job: string; readonly engine: string },
  values: readonly MetricValue[],
  nowMs: number = Date.now(),
): object {
  const directive = {
    Namespace: NAMESPACE,
    Dimensions: [['job', 'engine']],
    Metrics: values.map(({ name, unit }) => ({ Name: name, Unit: unit })),
  };
  return {
    _aws: { Timestamp: nowMs, CloudWatchMetrics: [directive] },
    job,
    engine,
    ...Object.fromEntries(values.map(({ name, value }) => [name, value])),
  };
}
