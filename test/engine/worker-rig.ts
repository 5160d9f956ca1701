import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import type { EngineSession, TaskEvent, TaskOutcome } from '../../src/engine/engine.ts';
import { type LocalOptions, localEngine } from '../../src/engine/local.ts';
import type { MachineLimits } from '../../src/execute/machine-limits.ts';
import { type RunFolder, runFolder } from '../../src/plan/run-folder.ts';
import { localStorage } from '../../src/storage/local.ts';
import { someStepPlan } from './some-step-plan.ts';

/**
 * What an attempt does: `commit`, `supersede`, `fail <error kind>`, `bug`, `signal <name>` (to itself), `exit <code>`,
 * `gate <name>` (commits when it is opened, ends when it is called off), `stage <name>` (the same, but is made at once),
 * `deaf` (neither ends nor listens).
 */
export type Act = string;

export const FIXTURE_WORKER = new URL('./fixture-worker.mjs', import.meta.url);

export interface Script {
  /** By task: what its first attempt does, its second, …; the last stands for all after it. Others commit. */
  readonly tasks?: Readonly<Record<number, readonly Act[]>>;
  /** What the first process does when it opens, the second, …; others open. */
  readonly open?: readonly Act[];
}

export interface RigOptions extends Script {
  readonly workers?: number;
  readonly limits?: MachineLimits;
  readonly signal?: AbortSignal;
  readonly engine?: Partial<LocalOptions>;
}

/** An attempt that a worker process has begun. */
export interface SeenAttempt {
  readonly index: number;
  /** Of the task's attempts, from 1. */
  readonly number: number;
  readonly attempt: string;
  readonly pid: number;
  readonly limits: MachineLimits;
  readonly scratch: string;
}

export interface Rig {
  readonly folder: RunFolder;
  readonly session: EngineSession;
  readonly events: readonly TaskEvent[];
  /** Runs the tasks 0 … count − 1, or those given; outcomes by index. */
  run(tasks: number | readonly number[]): Promise<readonly TaskOutcome[]>;
  /** Resolves when the n-th attempt of a task has begun. */
  begun(index: number, number?: number): Promise<void>;
  openGate(name: string): Promise<void>;
  attempts(): SeenAttempt[];
}

export const LIMITS: MachineLimits = { threads: 4, memoryBytes: 1e9 };

/** What an engine of this machine is given, and asked for nothing. */
export const ON_DISK = { storage: localStorage(), asked: {} };

/** The local engine over worker processes that act a script; they never outlive the test. */
export async function openRig(options: RigOptions = {}): Promise<Rig> {
  const { workers = 2, limits = LIMITS, signal = new AbortController().signal, engine } = options;
  const folder = await scriptedFolder(options);
  const events: TaskEvent[] = [];
  const waiting = new Set<() => void>();
  const onEvent = (event: TaskEvent) => {
    events.push(event);
    for (const look of waiting) look();
  };
  const local = localEngine({ ...fixtureOptions(), ...engine });
  const session = await local.open({ ...ON_DISK, folder, limits, workers, signal, onEvent });
  onTestFinished(() => session.close());
  return {
    folder,
    session,
    events,
    run: async (tasks) => {
      const indexes = typeof tasks === 'number' ? Array.from({ length: tasks }, (_, index) => index) : tasks;
      const outcomes = await session.runTasks(someStepPlan(), indexes);
      return outcomes.toSorted((a, b) => a.index - b.index);
    },
    begun: (index, number = 1) =>
      new Promise((resolve) => {
        const look = () => {
          if (!events.some((event) => isBegin(event, index, number))) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    openGate: (name) => writeFile(`${folder.url}/gate-${name}`, ''),
    attempts: () => readAttempts(folder),
  };
}

export function fixtureOptions(): Partial<LocalOptions> {
  return { entry: FIXTURE_WORKER, backoffMs: () => 0 };
}

/** A run folder with a script in it. */
export async function scriptedFolder({ tasks = {}, open = [] }: Script): Promise<RunFolder> {
  const root = await mkdtemp(join(tmpdir(), 'pitwall-engine-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const folder = runFolder(root, 'run');
  await mkdir(folder.url, { recursive: true });
  await writeFile(`${folder.url}/script.json`, JSON.stringify({ tasks, open }));
  return folder;
}

export function readAttempts(folder: RunFolder): SeenAttempt[] {
  const path = `${folder.url}/attempts.ndjson`;
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line): SeenAttempt => JSON.parse(line));
}

/** Waits until a process is gone; one that nobody has waited for yet counts as gone. */
export async function untilGone(pid: number): Promise<void> {
  await expect.poll(() => isRunning(pid), { timeout: 20_000, interval: 20 }).toBe(false);
}

export async function isRunning(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return !/^\d+ \(.*\) Z/.test(stat);
}

function isBegin(event: TaskEvent, index: number, number: number): boolean {
  return (
    event.kind === 'task progress' && event.index === index && event.progress.phase === `attempt ${number}`
  );
}
