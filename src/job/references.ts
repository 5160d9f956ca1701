import type { Check, Input, Output, RelationCheck, Step } from './job.ts';
import type { RenderContext } from './job-context.ts';
import type { JobReading } from './job-reading.ts';
import { findName, suggest } from './suggest.ts';
import type { YamlPath } from './yaml-source.ts';

/**
 * Checks what the parts of a job say of each other: names that stand twice, slices and checks of what does not
 * exist, partitions without values, outputs that would overwrite each other.
 */
export function checkReferences(reading: JobReading): void {
  checkNames(reading);
  for (const step of reading.job.steps) checkStep(step, reading);
  for (const check of reading.job.checks) checkCheck(check, reading);
  checkOutputs(reading);
}

function checkNames({ job, paths, context }: JobReading): void {
  const taken = new Set<string>();
  for (const relation of [...job.inputs, ...job.steps]) {
    const key = relation.name.toLowerCase();
    if (taken.has(key)) reportTaken(relation.name, paths.get(relation) ?? [], context);
    taken.add(key);
  }
}

/** A step of the short form bears the job's name. */
function reportTaken(name: string, path: YamlPath, { source, report }: RenderContext): void {
  const message = `the name "${name}" is taken by an earlier input or step; choose another`;
  report.error(source.keyPlace(path.length === 0 ? ['name'] : path), message);
}

function checkStep(step: Step, reading: JobReading): void {
  const { job, paths, context } = reading;
  const path = paths.get(step) ?? [];
  const earlier = job.steps.slice(0, job.steps.indexOf(step));
  if (step.slice !== undefined) checkSlice(step.slice, [...path, 'slice'], earlier, reading);
  const partitioned = [
    ...job.inputs.flatMap(({ pathColumns }) => pathColumns),
    ...earlier.flatMap(({ partitionBy }) => partitionBy),
  ];
  for (const { column, sql } of step.partition) {
    if (sql !== undefined || findName(column, partitioned) !== undefined) continue;
    const message = `nothing that the step reads is partitioned by "${column}"; give SQL for its values: "${column}: SELECT DISTINCT …"`;
    context.report.error(context.source.keyPlace([...path, 'partition', column]), message);
  }
}

function checkSlice(slice: string, path: YamlPath, earlier: readonly Step[], reading: JobReading): void {
  const { job, context } = reading;
  const names = [...job.inputs, ...earlier].map(({ name }) => name);
  if (reading.isBroken(slice) || findName(slice, names) !== undefined) return;
  const later = findName(
    slice,
    job.steps.map(({ name }) => name),
  );
  const reason =
    later === undefined
      ? suggest(slice, names)
      : 'the step comes later or is the same; slice an input or earlier step';
  context.report.error(
    context.source.place(path),
    `there is no input or earlier step "${slice}" to slice; ${reason}`,
  );
}

function checkCheck(check: Check, reading: JobReading): void {
  if (check.kind !== 'relation') return;
  const path = reading.paths.get(check) ?? [];
  const { source } = reading.context;
  checkRelation(check.relation, path, reading);
  for (const rule of check.rules) {
    if (rule.rule !== 'relationships') continue;
    const rulePath = [...path, 'relationships', rule.column];
    if (source.keys(rulePath).filter((key) => key !== 'column').length === 1)
      checkRelation(rule.otherRelation, rulePath, reading);
    else reading.context.report.error(source.place(rulePath), 'a relationship has one of "input" and "step"');
  }
}

/** The place of the `input` or `step` key tells which of the two is meant. */
function checkRelation(name: RelationCheck['relation'], path: YamlPath, reading: JobReading): void {
  const { job, context, isBroken } = reading;
  const kind = context.source.keys(path).includes('input') ? 'input' : 'step';
  const relations: readonly (Input | Step)[] = kind === 'input' ? job.inputs : job.steps;
  const names = relations.map((relation) => relation.name);
  if (isBroken(name) || findName(name, names) !== undefined) return;
  context.report.error(
    context.source.place([...path, kind]),
    `there is no ${kind} "${name}"; ${suggest(name, names)}`,
  );
}

function checkOutputs({ job, paths, context }: JobReading): void {
  const taken = new Map<string, string>();
  for (const step of job.steps) {
    if (step.output === undefined) continue;
    const location = outputKey(step.output);
    const other = taken.get(location);
    if (other !== undefined) reportCollision(other, paths.get(step) ?? [], context);
    taken.set(location, step.name);
  }
}

function reportCollision(other: string, path: YamlPath, { source, report }: RenderContext): void {
  const message = `the step "${other}" writes to the same path; two steps may never write one file`;
  report.error(source.place([...path, 'output', 'path']), message);
}

/** Placeholders of any name count as equal: their values may be. */
function outputKey({ root, path }: Output): string {
  const parts = path.map((part) => (part.kind === 'text' ? part.text : `{${part.kind}}`));
  return `${root}/${parts.join('')}`;
}
