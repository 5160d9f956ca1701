import { spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { runFolder } from '../../src/plan/run-folder.ts';
import { readStepHead } from '../../src/plan/task-files.ts';
import { localStorage } from '../../src/storage/local.ts';
import { projectPath } from './project-root.ts';

const POLL_MS = 2;
/** Workers end with their parent; what one was about to commit may still come. */
const SETTLE_MS = 200;

export interface KillOptions {
  readonly command: readonly string[];
  /** The root of its outputs, empty before. */
  readonly out: string;
  readonly job: string;
  readonly step: string;
  /** How much of the step's tasks are to be committed when the driver is killed. */
  readonly share: number;
}

export interface KilledRun {
  readonly committed: number;
  readonly total: number;
}

/** Starts a run and kills its driver (SIGKILL) once that much of a step is committed. @throws Error when it ends before */
export async function killWhenDone({ command, out, job, step, share }: KillOptions): Promise<KilledRun> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { cwd: projectPath(), stdio: 'ignore' });
  const ended = new Promise<NodeJS.Signals | null>((resolve, reject) => {
    child.on('error', reject).on('close', (_, signal) => resolve(signal));
  });
  const store = join(out, '_pitwall', job);
  while (child.exitCode === null && !(await isDone(store, step, share))) await setTimeout(POLL_MS);
  child.kill('SIGKILL');
  if ((await ended) !== 'SIGKILL') throw new Error(`ended before it could be killed: ${command.join(' ')}`);
  await setTimeout(SETTLE_MS);
  const state = await stateOf(store, step);
  if (state === undefined) throw new Error('the killed run has left no tasks');
  return state;
}

async function isDone(store: string, step: string, share: number): Promise<boolean> {
  const state = await stateOf(store, step);
  return state !== undefined && state.committed >= share * state.total;
}

/** `undefined` before the step's first task is committed. */
async function stateOf(store: string, step: string): Promise<KilledRun | undefined> {
  const [runId] = await namesIn(join(store, 'runs'));
  if (runId === undefined) return undefined;
  const folder = runFolder(store, runId);
  const committed = (await namesIn(dirname(folder.record(step, 0)))).filter(isRecord).length;
  if (committed === 0) return undefined;
  const { taskCount } = await readStepHead(localStorage(), folder, step);
  return { committed, total: taskCount };
}

/** Others are on their way to be one. */
function isRecord(name: string): boolean {
  return /^\d+\.json$/.test(name);
}

async function namesIn(folder: string): Promise<string[]> {
  return await readdir(folder).catch(() => []);
}
