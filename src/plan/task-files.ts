import { PitwallError } from '../error.ts';
import type { Storage } from '../storage/storage.ts';
import type { PlannedFile } from './plan.ts';
import { type RunFolder, TASKS_PER_CHUNK } from './run-folder.ts';
import {
  fromWritten,
  isWritten,
  readLines,
  readText,
  splitLines,
  toLines,
  toWritten,
  writeOnce,
  writeText,
} from './run-objects.ts';
import type { StepOutline } from './step-outlines.ts';
import type { SkippedUnit, StepFile, StepPlan, TaskPlan } from './step-plan.ts';

export { type ReadPlanOptions, readPlan, writePlan } from './plan-files.ts';

/** A chunk ends when it holds so many characters: a worker reads all of it to find one task. */
const CHUNK_CHARACTERS = 4 * 2 ** 20;

/** A step's plan without what grows with its tasks. */
export interface StepHead extends StepOutline {
  readonly taskCount: number;
  /** The first task of each chunk. */
  readonly chunks: readonly number[];
  readonly skippedCount: number;
}

export interface WriteStepPlanOptions {
  /** Whether the run is new, so that nobody can have planned the step before. */
  readonly isNew?: boolean;
}

/**
 * Writes a step's plan: tasks in chunks, skipped units, the head last, so that a head says that all is there.
 *
 * @throws PitwallError (`temporary`) when the step is planned already, and differently
 */
export async function writeStepPlan(
  storage: Storage,
  folder: RunFolder,
  step: StepPlan,
  { isNew = false }: WriteStepPlanOptions = {},
): Promise<void> {
  const { tasks, skipped, ...outline } = step;
  const chunks = [...taskChunks(tasks)];
  const url = folder.step(step.id);
  const starts = chunks.map(({ first }) => first);
  const head: StepHead = {
    ...outline,
    taskCount: tasks.length,
    chunks: starts,
    skippedCount: skipped.length,
  };
  const text = JSON.stringify(head);
  if (!isNew && (await isWritten(storage, url, text))) return;
  const cached: CachedStep = { url, head: JSON.parse(text), chunk: undefined, lines: [] };
  for (const [index, { count, first }] of chunks.entries()) {
    const lines = taskLines(tasks.slice(first, first + count));
    await writeText(storage, folder.taskChunk(step.id, index), lines);
    // Who has written the only chunk need not read it.
    if (chunks.length === 1) Object.assign(cached, { chunk: index, lines: splitLines(lines) });
  }
  if (skipped.length > 0) await writeText(storage, folder.skippedUnits(step.id), toLines(skipped));
  await writeOnce(storage, url, text);
  cachedSteps.set(storage, cached);
}

interface TaskChunk {
  readonly first: number;
  readonly count: number;
}

/** Tasks of few files are `TASKS_PER_CHUNK` together, those of many as many as `CHUNK_CHARACTERS` hold. */
function* taskChunks(tasks: readonly TaskPlan[]): Generator<TaskChunk> {
  let first = 0;
  let characters = 0;
  for (const [index, task] of tasks.entries()) {
    characters += taskLines([task]).length;
    const count = index + 1 - first;
    if (count < TASKS_PER_CHUNK && characters < CHUNK_CHARACTERS) continue;
    yield { first, count };
    first = index + 1;
    characters = 0;
  }
  if (first < tasks.length) yield { first, count: tasks.length - first };
}

/** The head of a step's plan. @throws PitwallError when the step is not planned yet */
export async function readStepHead(storage: Storage, folder: RunFolder, stepId: string): Promise<StepHead> {
  return JSON.parse(await readText(storage, folder.step(stepId)));
}

/** A step's whole plan, or `undefined` when the step is not planned yet. */
export async function readStepPlan(
  storage: Storage,
  folder: RunFolder,
  stepId: string,
): Promise<StepPlan | undefined> {
  if ((await storage.head(folder.step(stepId))) === undefined) return undefined;
  const { taskCount: _, chunks, skippedCount, ...outline } = await readStepHead(storage, folder, stepId);
  const tasks: TaskPlan[] = [];
  for (const chunk of chunks.keys()) {
    for (const line of await readLines(storage, folder.taskChunk(stepId, chunk))) tasks.push(parseTask(line));
  }
  const lines = skippedCount === 0 ? [] : await readLines(storage, folder.skippedUnits(stepId));
  const skipped: SkippedUnit[] = lines.map((line) => JSON.parse(line));
  return { ...outline, tasks, skipped };
}

/**
 * One task of a planned step. Reads one chunk of them, and none when the last call's held the task: workers get
 * neighbours one after another.
 *
 * @throws PitwallError (`usage`) when the step has no such task
 */
export async function readTask(
  storage: Storage,
  folder: RunFolder,
  stepId: string,
  index: number,
): Promise<TaskPlan> {
  const step = await cachedStep(storage, folder, stepId);
  const chunk = step.head.chunks.findLastIndex((first) => first <= index);
  if (index < step.head.taskCount && chunk >= 0) {
    if (step.chunk !== chunk) {
      step.lines = await readLines(storage, folder.taskChunk(stepId, chunk));
      step.chunk = chunk;
    }
    const line = step.lines[index - (step.head.chunks[chunk] ?? 0)];
    if (line !== undefined) return parseTask(line);
  }
  throw new PitwallError('usage', `step ${stepId} of run ${folder.runId} has no task ${index}`);
}

interface CachedStep {
  readonly url: string;
  readonly head: StepHead;
  chunk: number | undefined;
  lines: readonly string[];
}

/** The step that was read last from each store. Nothing of it changes once it is planned. */
const cachedSteps = new WeakMap<Storage, CachedStep>();

async function cachedStep(storage: Storage, folder: RunFolder, stepId: string): Promise<CachedStep> {
  const url = folder.step(stepId);
  const cached = cachedSteps.get(storage);
  if (cached?.url === url) return cached;
  const head = await readStepHead(storage, folder, stepId);
  const step: CachedStep = { url, head, chunk: undefined, lines: [] };
  cachedSteps.set(storage, step);
  return step;
}

/** Writes which files a committed step left. @throws PitwallError (`temporary`) when others are written there */
export async function writeStepFiles(
  storage: Storage,
  folder: RunFolder,
  stepId: string,
  files: readonly StepFile[],
): Promise<void> {
  await writeOnce(storage, folder.stepFiles(stepId), toLines(files));
}

/** The files that a committed step left. @throws PitwallError when they are not listed yet */
export async function readStepFiles(
  storage: Storage,
  folder: RunFolder,
  stepId: string,
): Promise<StepFile[]> {
  return (await readLines(storage, folder.stepFiles(stepId))).map((line) => JSON.parse(line));
}

function taskLines(tasks: readonly TaskPlan[]): string {
  return toLines(tasks.map((task) => ({ ...task, files: mapValues(task.files, toWritten) })));
}

function parseTask(line: string): TaskPlan {
  const task: TaskPlan = JSON.parse(line);
  return { ...task, files: mapValues(task.files, fromWritten) };
}

function mapValues<T>(
  files: Readonly<Record<string, readonly PlannedFile[]>>,
  map: (file: PlannedFile) => T,
): Record<string, T[]> {
  return Object.fromEntries(Object.entries(files).map(([name, all]) => [name, all.map(map)]));
}
