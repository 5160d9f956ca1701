import type { OrderKey, PartitionValues, Step } from './job.ts';
import type { RenderContext } from './job-context.ts';
import type { StepFile } from './job-file.ts';
import { readOutput } from './read-output.ts';
import { checkSqlText, readSqlFile } from './sql-file.ts';
import { outlineSql, parameterNames } from './sql-text.ts';
import { findName, repeatedNames } from './suggest.ts';
import type { YamlPath } from './yaml-source.ts';

/**
 * Renders one step; `undefined` when its SQL cannot be read. One whose output has a mistake is given without it, so
 * that its SQL can still be bound.
 */
export async function readStep(
  name: string,
  step: StepFile,
  path: YamlPath,
  context: RenderContext,
): Promise<Step | undefined> {
  checkDivision(step, path, context);
  const partitionBy = readNames(step.partition_by ?? [], [...path, 'partition_by'], context);
  const orderBy = readOrder(step, path, context);
  const partition = readPartition(step, path, context);
  const output = step.output && readOutput(step.output, partitionBy, [...path, 'output'], context);
  if (step.output !== undefined) checkPartitionIsRouted(partition, partitionBy, path, context);
  const sql = await readSqlFile(step.sql, [...path, 'sql'], context);
  return sql && { ...sql, name, slice: step.slice, partition, partitionBy, orderBy, output };
}

function checkDivision(step: StepFile, path: YamlPath, { source, report }: RenderContext): void {
  if (step.slice === undefined || step.partition === undefined) return;
  const message = 'a step is divided by "slice" or by "partition", not by both; remove one of them';
  report.error(source.keyPlace([...path, 'partition']), message);
}

function readNames(
  names: readonly string[],
  path: YamlPath,
  { source, report }: RenderContext,
): readonly string[] {
  for (const name of repeatedNames(names)) {
    const index = names.lastIndexOf(name);
    report.error(
      source.place([...path, index]),
      `the column "${name}" stands here twice; remove one of the two`,
    );
  }
  return names;
}

function readOrder({ order_by = [] }: StepFile, path: YamlPath, context: RenderContext): OrderKey[] {
  const keys = order_by.map(parseOrderKey);
  readNames(
    keys.map(({ column }) => column),
    [...path, 'order_by'],
    context,
  );
  return keys;
}

function parseOrderKey(text: string): OrderKey {
  const [, column = text, direction = 'asc'] = /^(.*?)(?:\s+(asc|desc))?$/i.exec(text.trim()) ?? [];
  return { column, descending: direction.toLowerCase() === 'desc' };
}

function readPartition({ partition }: StepFile, path: YamlPath, context: RenderContext): PartitionValues[] {
  if (partition === undefined) return [];
  if (Array.isArray(partition))
    return partition.map((column) => ({ column, sql: undefined, parameters: [] }));
  return context.source.keys([...path, 'partition']).flatMap((column) => {
    const sql = Object.hasOwn(partition, column) ? partition[column] : undefined;
    return sql === undefined ? [] : [readPartitionSql(column, sql, [...path, 'partition', column], context)];
  });
}

function readPartitionSql(
  column: string,
  sql: string | null,
  path: YamlPath,
  context: RenderContext,
): PartitionValues {
  if (sql === null) return { column, sql: undefined, parameters: [] };
  checkSqlText(sql, (offset) => context.source.placeWithin(path, sql.slice(offset).trim()), context);
  return { column, sql, parameters: parameterNames(outlineSql(sql)) };
}

/** Tasks of different values of a column that does not route the rows would write the same file. */
function checkPartitionIsRouted(
  partition: readonly PartitionValues[],
  partitionBy: readonly string[],
  path: YamlPath,
  { source, report }: RenderContext,
): void {
  for (const { column } of partition) {
    if (findName(column, partitionBy) !== undefined) continue;
    const message = `the work is divided by "${column}", so its rows have to be too: add it to partition_by`;
    report.error(source.keyPlace([...path, 'partition']), message);
  }
}
