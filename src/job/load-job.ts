import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { PitwallError } from '../error.ts';
import { type Diagnostic, sortDiagnostics } from './diagnostic.ts';
import { type FindJobOptions, findJob } from './find-job.ts';
import type { Check, Input, Job, Step } from './job.ts';
import type { RenderContext } from './job-context.ts';
import { jobFileSchema, type StepFile } from './job-file.ts';
import type { JobPart, JobReading } from './job-reading.ts';
import { JobReport } from './job-report.ts';
import { readStorage } from './job-storage.ts';
import { resolveParams } from './params.ts';
import { readCheck } from './read-check.ts';
import { readInput } from './read-input.ts';
import { readStep } from './read-step.ts';
import { checkReferences } from './references.ts';
import { checkShape, type JobShape } from './shape.ts';
import { parseSize } from './size-text.ts';
import { shownPath } from './text-place.ts';
import { parseYaml, type YamlPath } from './yaml-source.ts';

export interface LoadJobOptions extends FindJobOptions {
  /** Parameters of the command line, as texts. */
  readonly set?: Readonly<Record<string, string>> | undefined;
}

export interface LoadedJob {
  /** `undefined` when there are errors. */
  readonly job: Job | undefined;
  /** Every error and warning, by file and position. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Reads and renders a job, without binding its SQL (`checkJob` does). Throws a PitwallError of kind `usage` when
 * there is no such job; every mistake inside it is a diagnostic.
 *
 * @param ref - a name under `sql/`, or a path to a folder with a job.yaml
 */
export async function loadJob(ref: string, options: LoadJobOptions = {}): Promise<LoadedJob> {
  const report = new JobReport();
  const reading = await readJob(ref, options, report);
  return { job: report.failed ? undefined : reading?.job, diagnostics: sortDiagnostics(report.diagnostics) };
}

/** The job of {@link loadJob}; throws the first error, which tells how many more there are. */
export async function loadJobOrThrow(ref: string, options: LoadJobOptions = {}): Promise<Job> {
  return jobOrThrow(ref, await loadJob(ref, options));
}

/** @throws PitwallError (`job`, or `usage` for `--set`) of the first error */
export function jobOrThrow(ref: string, { job, diagnostics }: LoadedJob): Job {
  const [first, ...more] = diagnostics.filter(({ severity }) => severity === 'error');
  if (first === undefined && job !== undefined) return job;
  const message = first?.message ?? 'the job cannot be read';
  const others = more.length === 0 ? '' : ` (and ${more.length} more: pitwall validate ${ref})`;
  const kind = first?.place.file.startsWith('--set') ? 'usage' : 'job';
  throw new PitwallError(kind, message + others, { place: first?.place });
}

/** Reads a job and reports its mistakes; `undefined` when its file cannot be parsed at all. */
export async function readJob(
  ref: string,
  options: LoadJobOptions,
  report: JobReport,
): Promise<JobReading | undefined> {
  const cwd = resolve(options.cwd ?? '.');
  const folder = await findJob(ref, options);
  const file = join(folder, 'job.yaml');
  const source = parseYaml(shownPath(file, cwd), await readText(file, cwd), report);
  const shape = source && checkShape(source, report);
  if (source === undefined || shape === undefined) return undefined;
  const base = { source, report, folder, cwd, set: options.set ?? {} };
  const context = { ...base, params: resolveParams(shape.file.params, base) };
  return readParts(file, shape, context);
}

async function readText(file: string, cwd: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new PitwallError('job', `cannot read the job file: ${String(cause)}`, {
      place: { file: shownPath(file, cwd) },
      cause,
    });
  }
}

async function readParts(file: string, shape: JobShape, context: RenderContext): Promise<JobReading> {
  const name = shape.file.name ?? basename(context.folder);
  const paths = new Map<JobPart, YamlPath>();
  const inputs = readInputs(shape, context, paths);
  const steps = await readSteps(name, shape, context, paths);
  const checks = await readChecks(shape, context, paths);
  const { description, fuse_below, storage } = shape.file;
  const fuseBelowBytes = typeof fuse_below === 'string' ? parseSize(fuse_below) : fuse_below;
  const { folder, params } = context;
  const job = {
    name,
    description,
    folder,
    file,
    params: params.resolved,
    inputs,
    steps,
    checks,
    fuseBelowBytes,
    ...(storage === undefined ? {} : { storage: readStorage(storage, context) }),
  };
  const read = [...inputs, ...steps].map((relation) => relation.name);
  const written = [...context.source.keys(['inputs']), ...context.source.keys(['steps'])];
  const reading = { job, context, paths, isBroken: isMissing(written, read) };
  checkReferences(reading);
  return reading;
}

function isMissing(written: readonly string[], read: readonly string[]): (relation: string) => boolean {
  const missing = written.filter((name) => !read.includes(name)).map((name) => name.toLowerCase());
  return (relation) => missing.includes(relation.toLowerCase());
}

function readInputs({ file, isBroken }: JobShape, context: RenderContext, paths: PartPaths): Input[] {
  return Object.entries(file.inputs).flatMap(([name, written]) => {
    if (isBroken(['inputs', name])) return [];
    const input = readInput(name, written, context);
    paths.set(input, ['inputs', name]);
    return [input];
  });
}

async function readSteps(
  jobName: string,
  shape: JobShape,
  context: RenderContext,
  paths: PartPaths,
): Promise<Step[]> {
  const steps: Step[] = [];
  for (const { name, written, path, broken } of listSteps(jobName, shape, context)) {
    const step = await readStep(name, broken ? onlySql(written) : written, path, context);
    if (step === undefined) continue;
    steps.push(step);
    paths.set(step, path);
  }
  return steps;
}

/** A step with a mistake elsewhere is not looked at further, but for its SQL. */
function onlySql({ sql, partition_by }: StepFile): StepFile {
  return { sql, partition_by };
}

type PartPaths = Map<JobPart, YamlPath>;

interface WrittenStep {
  readonly name: string;
  readonly written: StepFile;
  readonly path: YamlPath;
  readonly broken: boolean;
}

const STEP_KEYS = ['sql', 'output', 'slice', 'partition', 'partition_by', 'order_by'] as const;

/** The steps of the long form, or the one of the short form, which bears the job's name. */
function listSteps(jobName: string, shape: JobShape, context: RenderContext): WrittenStep[] {
  const keys = context.source.keys([]);
  const isLong = keys.includes('steps');
  const misplaced = STEP_KEYS.find((key) => isLong && keys.includes(key));
  if (misplaced !== undefined) {
    const message = `"${misplaced}" belongs into a step where there are "steps"; move it there`;
    context.report.error(context.source.keyPlace([misplaced]), message);
  }
  return isLong ? listLongForm(shape) : listShortForm(jobName, shape, context);
}

function listShortForm(name: string, { file, isBroken }: JobShape, context: RenderContext): WrittenStep[] {
  const { source, report } = context;
  const hasUnknownKey = source.keys([]).some((key) => !Object.hasOwn(jobFileSchema.shape, key));
  const broken = hasUnknownKey || STEP_KEYS.some((key) => isBroken([key]));
  if (file.sql !== undefined) return [{ name, written: { ...file, sql: file.sql }, path: [], broken }];
  const message = 'the job has nothing to do: add "sql" and "output", or "steps"';
  if (!broken) report.error(source.place([]), message);
  return [];
}

function listLongForm({ file, isBroken }: JobShape): WrittenStep[] {
  return Object.entries(file.steps ?? {}).map(([name, written]) => {
    const path = ['steps', name];
    return { name, written, path, broken: isBroken(path) };
  });
}

async function readChecks(
  { file, isBroken }: JobShape,
  context: RenderContext,
  paths: PartPaths,
): Promise<Check[]> {
  const checks: Check[] = [];
  for (const [index, written] of file.checks.entries()) {
    const path = ['checks', index];
    const check = isBroken(path) ? undefined : await readCheck(written, path, context);
    if (check === undefined) continue;
    checks.push(check);
    paths.set(check, path);
  }
  return checks;
}
