import { randomUUID } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { onTestFinished } from 'vitest';
import { listPartitions } from '../../src/execute/list-partitions.ts';
import type { MachineLimits } from '../../src/execute/machine-limits.ts';
import type { StagedOutput, TaskRecord } from '../../src/execute/record.ts';
import { type AttemptOptions, openTaskWorker, type TaskWorker } from '../../src/execute/task-worker.ts';
import { checkJob } from '../../src/job/check-job.ts';
import { jobOrThrow } from '../../src/job/load-job.ts';
import { cutInput } from '../../src/plan/cut-input.ts';
import { makePlan } from '../../src/plan/make-plan.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { openPlanSession } from '../../src/plan/plan-session.ts';
import { planStep } from '../../src/plan/plan-step.ts';
import { type RunFolder, runFolder } from '../../src/plan/run-folder.ts';
import { type StepOutline, stepOutlines } from '../../src/plan/step-outlines.ts';
import type { StepFile, StepPlan } from '../../src/plan/step-plan.ts';
import { writePlan, writeStepFiles, writeStepPlan } from '../../src/plan/task-files.ts';
import { localStorage } from '../../src/storage/local.ts';
import { RUN_ID, someFolder } from './some-step.ts';

export interface RigOptions {
  /** Bytes of a task; 1, the default, gives tasks that are as small as can be. `fused`: one task does all. */
  readonly targetBytes?: number | 'fused';
  readonly only?: Record<string, readonly string[]>;
  readonly limits?: Partial<MachineLimits>;
}

/** A run of the job in a folder: its plan lies in a run folder, and nothing has run. */
export interface Rig {
  readonly plan: Plan;
  readonly folder: RunFolder;
  readonly worker: TaskWorker;
  /** Plans the step of this id, after those before it have run. */
  planStep(id: string): Promise<StepPlan>;
  /** Plans and runs the step of this id. */
  runStep(id: string): Promise<readonly TaskRecord[]>;
  /** Runs one task of a planned step. */
  runTask(id: string, index: number, options?: Partial<AttemptOptions>): ReturnType<TaskWorker['run']>;
  /** Plans and runs all steps, and gives the records of each by its id. */
  runAll(): Promise<Map<string, readonly TaskRecord[]>>;
}

const storage = localStorage();

/** @param cwd - a folder with a job.yaml */
export async function openRig(cwd: string, options: RigOptions = {}): Promise<Rig> {
  const { targetBytes = 1, only = {} } = options;
  const plan = await planFolder(cwd, targetBytes, only);
  const folder = runFolder(`${await someFolder()}/_pitwall/job`, RUN_ID);
  await writePlan(storage, folder, plan);
  const scratch = `${folder.scratch}/worker-0`;
  await mkdir(scratch, { recursive: true });
  const limits = { threads: 2, memoryBytes: 500e6, ...options.limits };
  const worker = await openTaskWorker({
    storage,
    folder,
    limits,
    scratch,
    signal: new AbortController().signal,
  });
  onTestFinished(() => worker.close());
  return rigOf({ plan, folder, worker, limits, stepFiles: new Map() });
}

/** Plans a run of the job in a folder and runs all of it; the text of each output, by its path. */
export async function runFolderJob(cwd: string, options: RigOptions = {}): Promise<Record<string, string>> {
  const records = await (await openRig(cwd, options)).runAll();
  return textsOf([...records.values()].flat().flatMap(({ outputs }) => outputs));
}

/** The text of each staged file, by its path, in the order of the paths. */
export async function textsOf(outputs: readonly StagedOutput[]): Promise<Record<string, string>> {
  const texts: [string, string][] = [];
  for (const { path, stagedPath } of outputs.toSorted((a, b) => (a.path < b.path ? -1 : 1)))
    texts.push([path, await readFile(stagedPath, 'latin1')]);
  return Object.fromEntries(texts);
}

async function planFolder(
  cwd: string,
  targetBytes: number | 'fused',
  only: Record<string, readonly string[]>,
): Promise<Plan> {
  const checked = await checkJob('.', { cwd });
  const job = jobOrThrow('.', checked);
  const session = await openPlanSession();
  try {
    return await makePlan(job, storage, session, {
      columns: Object.fromEntries(checked.columns),
      only,
      engine: 'test',
      limits: { workers: 1, threads: 2, memoryBytes: 500e6 },
      fuseBelowBytes: targetBytes === 'fused' ? Number.POSITIVE_INFINITY : 0,
      targetBytes: targetBytes === 'fused' ? undefined : targetBytes,
    });
  } finally {
    await session.close();
  }
}

interface Opened {
  readonly plan: Plan;
  readonly folder: RunFolder;
  readonly worker: TaskWorker;
  readonly limits: MachineLimits;
  readonly stepFiles: Map<string, readonly StepFile[]>;
}

function rigOf(opened: Opened): Rig {
  const { plan, folder, worker } = opened;
  const outlines = stepOutlines(plan);
  const planOne = async (id: string) => planOutline(opened, outlines.find((outline) => outline.id === id)!);
  const runTask: Rig['runTask'] = (id, index, options = {}) =>
    worker.run(id, index, randomUUID(), {
      onProgress: () => undefined,
      signal: new AbortController().signal,
      ...options,
    });
  const runOne = async (id: string) => {
    const step = await planOne(id);
    const records: TaskRecord[] = [];
    for (const { index } of step.tasks) records.push((await runTask(id, index)).record);
    await keepFiles(opened, step, records);
    return records;
  };
  const runAll = async () => {
    const records = new Map<string, readonly TaskRecord[]>();
    for (const { id } of outlines) records.set(id, await runOne(id));
    return records;
  };
  return { plan, folder, worker, planStep: planOne, runStep: runOne, runTask, runAll };
}

async function planOutline(
  { plan, folder, limits, stepFiles }: Opened,
  outline: StepOutline,
): Promise<StepPlan> {
  const byPartitions = outline.kind === 'partition' || outline.kind === 'write';
  const scratch = await someFolder();
  const signal = new AbortController().signal;
  const step = planStep(plan, outline, {
    stepFiles,
    published: new Set(),
    kept: new Map(),
    force: true,
    ...(byPartitions && {
      partitions: await listPartitions(plan, outline, { stepFiles, limits, scratch, signal }),
    }),
    ...(outline.kind === 'slice' && { cut: await cutFiles(plan, outline) }),
  });
  await writeStepPlan(storage, folder, step);
  return step;
}

async function cutFiles(plan: Plan, { narrowed }: StepOutline) {
  const input = plan.inputs.find(({ name }) => narrowed.includes(name));
  if (input === undefined) return [];
  const session = await openPlanSession();
  try {
    return await cutInput({ storage, session }, input, plan.targetBytes);
  } finally {
    await session.close();
  }
}

async function keepFiles(
  { folder, stepFiles }: Opened,
  { id, keepsRows }: StepPlan,
  records: readonly TaskRecord[],
): Promise<void> {
  if (!keepsRows) return;
  const files = records.flatMap((record) => record.files);
  stepFiles.set(id, files);
  await writeStepFiles(storage, folder, id, files);
}
