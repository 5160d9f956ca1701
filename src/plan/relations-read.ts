import type { Check, Job, PartitionValues, SqlText, Step } from '../job/job.ts';
import { outlineSql } from '../job/sql-text.ts';

/** Whether a relation has this name, as SQL compares names. */
export function isNamed(name: string, other: string): boolean {
  return name.toLowerCase() === other.toLowerCase();
}

/** Whether SQL can read a relation: a word or quoted identifier of its name counts, so that none is missed. */
export function readsRelation({ sql }: Pick<SqlText, 'sql'>, name: string): boolean {
  return outlineSql(sql).words.has(name.toLowerCase());
}

/** The inputs, then the earlier steps, that a step's SQL can read; spelled as they are declared. */
export function relationsOfStep(job: Job, step: Step): string[] {
  const earlier = job.steps.slice(0, job.steps.indexOf(step));
  return namesRead(outlineSql(step.sql).words, [...job.inputs, ...earlier]);
}

/** The inputs and steps that a check can read; spelled as they are declared. */
export function relationsOfCheck(job: Job, check: Check): string[] {
  return namesRead(wordsOfCheck(check), [...job.inputs, ...job.steps]);
}

/** The inputs and earlier steps that a column's values can come from: those its SQL reads, or those partitioned by it. */
export function relationsOfValues(job: Job, step: Step, { column, sql }: PartitionValues): string[] {
  const earlier = job.steps.slice(0, job.steps.indexOf(step));
  if (sql !== undefined) return namesRead(outlineSql(sql).words, [...job.inputs, ...earlier]);
  const inputs = job.inputs.filter(({ pathColumns }) => pathColumns.some((name) => isNamed(name, column)));
  const steps = earlier.filter(({ partitionBy }) => partitionBy.some((name) => isNamed(name, column)));
  return [...inputs, ...steps].map(({ name }) => name);
}

interface Named {
  readonly name: string;
}

function namesRead(words: ReadonlySet<string>, relations: readonly Named[]): string[] {
  return relations.map(({ name }) => name).filter((name) => words.has(name.toLowerCase()));
}

function wordsOfCheck(check: Check): ReadonlySet<string> {
  if (check.kind === 'sql') return outlineSql(check.sql).words;
  const others = check.rules.flatMap((rule) => (rule.rule === 'relationships' ? [rule.otherRelation] : []));
  return new Set([check.relation, ...others].map((name) => name.toLowerCase()));
}
