/** The units that CloudWatch knows: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html */
const SIZES = ['Bytes', 'Kilobytes', 'Megabytes', 'Gigabytes', 'Terabytes', 'Bits', 'Kilobits', 'Megabits'];
const AMOUNTS = [...SIZES, 'Gigabits', 'Terabits', 'Count'];
const UNITS = new Set([
  ...['Seconds', 'Microseconds', 'Milliseconds', 'Percent', 'None'],
  ...AMOUNTS,
  ...AMOUNTS.map((amount) => `${amount}/Second`),
]);

type Members = Readonly<Record<string, unknown>>;

/**
 * What a document breaks of the rules of the specification.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function emfProblems(document: object): string[] {
  const root: Members = { ...document };
  if (!isObject(root._aws)) return ['_aws is no object'];
  const { Timestamp, CloudWatchMetrics: directives, ...others } = root._aws;
  return [
    ...Object.keys(others).map((name) => `_aws has the member ${name}`),
    ...(Number.isSafeInteger(Timestamp) ? [] : ['Timestamp is no whole number of milliseconds']),
    ...(Buffer.byteLength(JSON.stringify(root)) > 262_144 ? ['the document is longer than 256 KB'] : []),
    ...(Array.isArray(directives)
      ? directives.flatMap((each) => directiveProblems(each, root))
      : ['no directives']),
  ];
}

function directiveProblems(directive: unknown, root: Members): string[] {
  if (!isObject(directive)) return ['a directive is no object'];
  const { Namespace, Dimensions, Metrics, ...others } = directive;
  const isNamed = typeof Namespace === 'string' && /\S/.test(Namespace) && Namespace.length <= 1024;
  const sets = Array.isArray(Dimensions) && Dimensions.length > 0 ? Dimensions : undefined;
  return [
    ...Object.keys(others).map((name) => `the directive has the member ${name}`),
    ...(isNamed ? [] : ['Namespace is blank or too long']),
    ...(sets?.flatMap((set) => dimensionProblems(set, root)) ?? ['Dimensions is no list of sets']),
    ...(Array.isArray(Metrics) ? metricsProblems(Metrics, root) : ['Metrics is no list']),
  ];
}

function dimensionProblems(set: unknown, root: Members): string[] {
  if (!Array.isArray(set) || set.length > 30) return ['a dimension set is no list of at most 30'];
  return set
    .filter((name) => !isText(name, 250) || !isText(root[String(name)], 1024))
    .map((name) => `the dimension ${name} has no text at the root`);
}

function metricsProblems(metrics: readonly unknown[], root: Members): string[] {
  const names = metrics.map((metric) => (isObject(metric) ? metric.Name : undefined));
  return [
    ...(metrics.length > 100 ? [`there are ${metrics.length} metrics`] : []),
    ...(new Set(names).size === names.length ? [] : ['two metrics have one name']),
    ...metrics.flatMap((metric) => metricProblems(metric, root)),
  ];
}

function metricProblems(metric: unknown, root: Members): string[] {
  if (!isObject(metric) || !isText(metric.Name, 1024)) return ['a metric has no name'];
  const { Name, Unit = 'None', StorageResolution = 60, ...others } = metric;
  return [
    ...Object.keys(others).map((name) => `the metric ${Name} has the member ${name}`),
    ...(isTarget(root[String(Name)]) ? [] : [`the metric ${Name} has no number at the root`]),
    ...(UNITS.has(String(Unit)) ? [] : [`the metric ${Name} has the unit ${Unit}`]),
    ...(StorageResolution === 1 || StorageResolution === 60
      ? []
      : [`the metric ${Name} has a wrong resolution`]),
  ];
}

function isTarget(value: unknown): boolean {
  const numbers = Array.isArray(value) ? value : [value];
  return numbers.length > 0 && numbers.length <= 100 && numbers.every((each) => Number.isFinite(each));
}

function isText(value: unknown, most: number): boolean {
  return typeof value === 'string' && value.length > 0 && value.length <= most;
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
