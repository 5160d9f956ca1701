import { z } from 'zod';
import { type JobFile, jobFileSchema } from './job-file.ts';
import type { JobReport } from './job-report.ts';
import { oneOf, suggest } from './suggest.ts';
import type { YamlPath, YamlSource } from './yaml-source.ts';

/** A job file without its mistaken parts. */
export interface JobShape {
  readonly file: JobFile;
  /** Whether something at the path or inside it was mistaken, so that what is missing there says nothing. */
  isBroken(path: YamlPath): boolean;
}

/** Compiling what checks an object pays after many objects; a process reads one job file or few. */
const ONCE = { jitless: true } as const;

/**
 * Checks the shape of a job file and reports every mistake where it stands. What is left after the mistaken
 * parts are taken out is given back, so that the checks after this one see everything else.
 */
export function checkShape(source: YamlSource, report: JobReport): JobShape | undefined {
  const whole = source.data();
  const parsed = jobFileSchema.safeParse(whole, ONCE);
  if (parsed.success) return { file: parsed.data, isBroken: () => false };
  for (const issue of parsed.error.issues) reportIssue(issue, whole, source, report);
  const file = parseRest(whole, parsed.error.issues);
  const mistakes = parsed.error.issues.flatMap(mistakenPaths);
  const isBroken = (path: YamlPath) =>
    mistakes.some((mistake) => path.every((key, at) => key === mistake[at]));
  return file && { file, isBroken };
}

/** Takes the mistaken parts out until the rest passes; each round takes out at least one. */
function parseRest(data: unknown, issues: readonly z.core.$ZodIssue[]): JobFile | undefined {
  const doomed = issues.flatMap(mistakenPaths).map((path) => removablePath(data, path));
  if (doomed.length === 0 || doomed.some((path) => path.length === 0)) return undefined;
  const rest = structuredClone(data);
  for (const path of doomed) remove(rest, path);
  const next = jobFileSchema.safeParse(rest, ONCE);
  return next.success ? next.data : parseRest(rest, next.error.issues);
}

function mistakenPaths(issue: z.core.$ZodIssue): YamlPath[] {
  return issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
}

/**
 * The path, or the nearest above it that exists and is a key. A list goes whole, since without one item the
 * places of the others would be wrong.
 */
function removablePath(data: unknown, path: YamlPath): YamlPath {
  const key = path.at(-1);
  if (key === undefined) return [];
  const parent = valueAt(data, path.slice(0, -1));
  return isObject(parent) && Object.hasOwn(parent, key) ? path : removablePath(data, path.slice(0, -1));
}

function remove(root: unknown, path: YamlPath): void {
  const parent = valueAt(root, path.slice(0, -1));
  if (isObject(parent)) Reflect.deleteProperty(parent, path.at(-1) ?? '');
}

function reportIssue(issue: z.core.$ZodIssue, data: unknown, source: YamlSource, report: JobReport): void {
  const value = valueAt(data, issue.path);
  if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys) reportUnknownKey(key, issue.path, source, report);
  } else if (issue.path.length > 0 && value === undefined) {
    const owner = pathText(issue.path.slice(0, -1));
    report.error(source.place(issue.path), `${owner} has no "${String(issue.path.at(-1))}", which it needs`);
  } else if (issue.code === 'invalid_union') {
    reportUnion(issue, data, source, report);
  } else if (issue.code === 'invalid_key') {
    const message = issue.issues[0]?.message ?? issue.message;
    report.error(source.keyPlace(issue.path), `${pathText(issue.path)}: ${message}`);
  } else {
    const hint =
      value === null && /[)\]]/.test(String(issue.path.at(-1))) ? SPLIT_BY_COMMA : sayValue(issue, value);
    report.error(source.place(issue.path), `${pathText(issue.path)}: ${hint}`);
  }
}

/** `{ price: DECIMAL(18,2) }` is the two keys `price` and `2)` in YAML. */
const SPLIT_BY_COMMA = 'inside { } a value that holds a comma has to be in quotes, like "DECIMAL(18,2)"';

function reportUnknownKey(key: string, path: YamlPath, source: YamlSource, report: JobReport): void {
  const owner = pathText(path);
  const hint = suggest(key, keysAt(jobFileSchema, path));
  report.error(source.keyPlace([...path, key]), `unknown key "${key}" in ${owner}; ${hint}`);
}

/** The branch whose type is right says what is wrong inside; when there is none, the types of all are named. */
function reportUnion(
  issue: z.core.$ZodIssueInvalidUnion,
  data: unknown,
  source: YamlSource,
  report: JobReport,
): void {
  const branch = issue.errors.find((issues) =>
    issues.every((inner) => inner.code !== 'invalid_type' || inner.path.length > 0),
  );
  for (const inner of branch ?? [])
    reportIssue({ ...inner, path: [...issue.path, ...inner.path] }, data, source, report);
  if (branch !== undefined) return;
  const expected = issue.errors.flatMap((issues) => issues.map(expectedType));
  const got = sayGot(valueAt(data, issue.path));
  report.error(
    source.place(issue.path),
    `${pathText(issue.path)}: expected ${oneOf([...new Set(expected)])}, got ${got}`,
  );
}

function sayValue(issue: z.core.$ZodIssue, value: unknown): string {
  if (issue.code === 'invalid_value' && typeof value === 'string') {
    const known = issue.values.map(String);
    const hint = suggest(value, known);
    return `"${value}" is not allowed; ${hint.startsWith('did') ? `${hint} Allowed: ${known.join(', ')}` : hint}`;
  }
  if (issue.code === 'invalid_value')
    return `expected ${oneOf(issue.values.map(String))}, got ${sayGot(value)}`;
  if (issue.code !== 'invalid_type') return `${issue.message}, got ${sayGot(value)}`;
  const quotes = issue.expected === 'string' && !isContainer(value) ? '; write it in quotes' : '';
  return `expected ${expectedType(issue)}, got ${sayGot(value)}${quotes}`;
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map of keys',
  record: 'a map of keys',
  null: 'null',
};

function expectedType(issue: z.core.$ZodIssue): string {
  return issue.code === 'invalid_type' ? (TYPE_NAMES[issue.expected] ?? issue.expected) : issue.message;
}

function sayGot(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'a map of keys';
  return typeof value === 'string' ? `the text "${value}"` : String(value);
}

/** The keys that the schema knows at a path. */
function keysAt(schema: z.core.$ZodType, path: YamlPath): string[] {
  const plain = unwrap(schema);
  const [key, ...rest] = path;
  if (plain instanceof z.ZodObject) {
    const shape: Record<string, z.core.$ZodType> = plain.shape;
    if (key === undefined) return Object.keys(shape);
    const inner = shape[String(key)];
    return inner === undefined ? [] : keysAt(inner, rest);
  }
  if (plain instanceof z.ZodUnion) return plain.options.flatMap((option) => keysAt(option, path));
  if (plain instanceof z.ZodRecord) return keysAt(plain.valueType, rest);
  return plain instanceof z.ZodArray && key !== undefined ? keysAt(plain.element, rest) : [];
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodNullable) {
    return unwrap(schema.unwrap());
  }
  return schema;
}

function pathText(path: YamlPath): string {
  const parts = path.map((part) => (typeof part === 'number' ? `[${part + 1}]` : `.${String(part)}`));
  return parts.join('').replace(/^\./, '') || 'the job';
}

function valueAt(root: unknown, path: YamlPath): unknown {
  return path.reduce<unknown>(
    (value, key) => (isContainer(value) ? Reflect.get(value, key) : undefined),
    root,
  );
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isObject(value: unknown): value is Record<PropertyKey, unknown> {
  return isContainer(value) && !Array.isArray(value);
}
