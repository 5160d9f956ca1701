import type { Job, Step } from '../job/job.ts';
import { hashJson } from './fingerprint.ts';
import type { Plan, PlannedFile, PlannedInput } from './plan.ts';
import { count, formatBytes } from './text-amounts.ts';
import { declaration } from './unit-fingerprint.ts';

const SHOWN_FILES = 20;

/**
 * What differs between what two plans of a job publish, a line for each: `parameter x: 1 → 2`, `SQL of step stats
 * changed`, `input results: /data/results.csv changed (size 12.0 kB → 14.0 kB)`. How the work is divided does not count.
 */
export function diffPlans(before: Plan, after: Plan): string[] {
  return [
    ...diffTexts('job', before.job.name, after.job.name),
    ...diffTexts('engine', before.engine, after.engine),
    ...diffNamed(parametersOf(before.job), parametersOf(after.job)),
    ...diffTexts('only', describeOnly(before), describeOnly(after)),
    ...namesOf(before.job.steps, after.job.steps).flatMap((name) => diffStep(name, before.job, after.job)),
    ...diffJson('checks', before.job.checks, after.job.checks),
    ...namesOf(before.inputs, after.inputs).flatMap((name) => diffInput(name, before, after)),
  ];
}

function diffTexts(what: string, before: string, after: string): string[] {
  return before === after ? [] : [`${what}: ${before} → ${after}`];
}

function diffJson(what: string, before: unknown, after: unknown): string[] {
  return hashJson(before) === hashJson(after) ? [] : [`${what} changed`];
}

function parametersOf({ params }: Job): Map<string, string> {
  return new Map(params.map(({ name, text }) => [`parameter ${name}`, text ?? 'NULL']));
}

function diffNamed(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
  const names = [...new Set([...before.keys(), ...after.keys()])];
  return names.flatMap((name) => diffTexts(name, before.get(name) ?? 'none', after.get(name) ?? 'none'));
}

function describeOnly({ only }: Plan): string {
  const entries = Object.entries(only).map(([name, values]) => `${name} = ${values.join(', ')}`);
  return entries.join('; ') || 'all';
}

interface Named {
  readonly name: string;
}

function namesOf(before: readonly Named[], after: readonly Named[]): string[] {
  return [...new Set([...before, ...after].map(({ name }) => name))];
}

function diffStep(name: string, before: Job, after: Job): string[] {
  const [old, young] = [before, after].map(({ steps }) => steps.find((step) => step.name === name));
  if (old === undefined) return [`step ${name} added`];
  if (young === undefined) return [`step ${name} removed`];
  return [
    ...(old.sql === young.sql ? [] : [`SQL of step ${name} changed`]),
    ...diffJson(`output of step ${name}`, old.output, young.output),
    ...diffJson(`division or order of step ${name}`, divisionOf(old), divisionOf(young)),
  ];
}

function divisionOf({ slice, partition, partitionBy, orderBy }: Step): unknown {
  return [slice, partition, partitionBy, orderBy];
}

function diffInput(name: string, before: Plan, after: Plan): string[] {
  const [old, young] = [before, after].map(({ inputs }) => inputs.find((input) => input.name === name));
  if (old === undefined) return [`input ${name} added`];
  if (young === undefined) return [`input ${name} removed`];
  const lines = [
    ...diffJson(
      `declaration of input ${name}`,
      [declaration(before, name), old.columns],
      [declaration(after, name), young.columns],
    ),
    ...diffFiles(name, old, young),
  ];
  return lines.length > SHOWN_FILES
    ? [
        ...lines.slice(0, SHOWN_FILES),
        `input ${name}: … and ${count(lines.length - SHOWN_FILES, 'more change')}`,
      ]
    : lines;
}

function diffFiles(name: string, before: PlannedInput, after: PlannedInput): string[] {
  const old = new Map(before.files.map((file) => [file.url, file]));
  const young = new Set(after.files.map(({ url }) => url));
  const removed = before.files.filter(({ url }) => !young.has(url));
  return [
    ...after.files.flatMap((file) => diffFile(old.get(file.url), file)),
    ...removed.map(({ url }) => `${url} removed`),
  ].map((line) => `input ${name}: ${line}`);
}

function diffFile(before: PlannedFile | undefined, { url, etag, sizeBytes }: PlannedFile): string[] {
  if (before === undefined) return [`${url} added (${formatBytes(sizeBytes)})`];
  if (before.etag === etag) return [];
  const same = before.sizeBytes === sizeBytes;
  const sizes = same ? 'same size' : `size ${formatBytes(before.sizeBytes)} → ${formatBytes(sizeBytes)}`;
  return [`${url} changed (${sizes})`];
}
