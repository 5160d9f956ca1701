import type { Column, Output, PathPart, Step } from './job.ts';
import type { JobReading } from './job-reading.ts';
import { findName, suggest } from './suggest.ts';
import type { YamlPath } from './yaml-source.ts';

/**
 * The step with its columns spelled as the result spells them. Reports those that the result lacks and an output
 * that would write no column at all, and warns of an output without order.
 */
export function nameColumns(step: Step, columns: readonly Column[], reading: JobReading): Step {
  const path = reading.paths.get(step) ?? [];
  const names = columns.map(({ name }) => name);
  const name = (wanted: string, key: YamlPath, say = suggest) =>
    nameColumn(wanted, names, [...path, ...key], reading, say);
  const named = {
    ...step,
    partition: step.partition.map((values) => ({
      ...values,
      column: findName(values.column, names) ?? values.column,
    })),
    partitionBy: step.partitionBy.map((column, index) => {
      refusePartitionType(columns, column, [...path, 'partition_by', index], reading);
      return name(column, ['partition_by', index]);
    }),
    orderBy: step.orderBy.map((key, index) => ({
      ...key,
      column: name(key.column, ['order_by', index], sayDirection),
    })),
  };
  if (step.output === undefined) return named;
  const omit = step.output.omit.map((column, index) => name(column, ['output', 'omit', index]));
  const output = { ...step.output, omit, path: step.output.path.map((part) => namePart(part, names)) };
  warnOfNoOrder(step, path, reading);
  checkWritten({ ...named, output }, output, names, path, reading);
  return { ...named, output };
}

/** Types of which equal values may be written differently, or values have no text that is fit for a path. */
const NO_PARTITION = /^(INTERVAL|UNION|STRUCT|MAP|BLOB|BIT|JSON|VARIANT|GEOMETRY)\b|\[\d*\]$/;

function refusePartitionType(
  columns: readonly Column[],
  wanted: string,
  path: YamlPath,
  { context }: JobReading,
): void {
  const column = columns.find(({ name }) => name.toLowerCase() === wanted.toLowerCase());
  if (column === undefined || !NO_PARTITION.test(column.type)) return;
  const message = `"${wanted}" is of type ${column.type}, by which rows cannot be partitioned; cast it to VARCHAR in the SQL`;
  context.report.error(context.source.place(path), message);
}

function nameColumn(
  wanted: string,
  names: readonly string[],
  path: YamlPath,
  { context }: JobReading,
  say: typeof suggest,
): string {
  const name = findName(wanted, names);
  if (name !== undefined) return name;
  const message = `the step's result has no column "${wanted}"; ${say(wanted, names)}`;
  context.report.error(context.source.place(path), message);
  return wanted;
}

/** What is said of `day up` in `order_by`. */
function sayDirection(wanted: string, names: readonly string[]): string {
  const [, column = '', direction] = /^(.*\S)\s+(\S+)$/.exec(wanted) ?? [];
  const name = findName(column, names);
  if (name === undefined) return suggest(wanted, names);
  return `behind "${name}" comes asc or desc, got "${direction}"`;
}

/** The path names partition columns, whose own places bear the error. */
function namePart(part: PathPart, names: readonly string[]): PathPart {
  return part.kind === 'column' ? { ...part, column: findName(part.column, names) ?? part.column } : part;
}

function warnOfNoOrder({ orderBy }: Step, path: YamlPath, { context }: JobReading): void {
  if (orderBy.length > 0) return;
  const message = 'no order_by: the order of the rows in each file may change from run to run';
  context.report.warning(context.source.keyPlace([...path, 'output']), message);
}

function checkWritten(
  step: Step,
  output: Output,
  names: readonly string[],
  path: YamlPath,
  { context }: JobReading,
): void {
  const left = output.keepPartitionColumns ? output.omit : [...output.omit, ...step.partitionBy];
  if (names.some((name) => !left.includes(name))) return;
  const message = 'nothing is left to write: every column of the result is omitted or a partition column';
  context.report.error(context.source.keyPlace([...path, 'output']), message);
}
