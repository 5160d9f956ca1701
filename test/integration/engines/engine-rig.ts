import { readdir, readFile } from 'node:fs/promises';
import { vi } from 'vitest';
import type { Running } from '../processes.ts';

/** How the contract of engines starts one, and disturbs it. */
export interface EngineRig {
  /** Of `pitwall run` and `resume`. */
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Kills the machine, or what stands for it, on which a task's process is, and lets it be replaced. */
  killExecutor(pid: number): Promise<void>;
}

/** How long a condition may take on a busy machine before the test has failed. */
const DEADLINE = { timeout: 100_000, interval: 50 };

export interface TaskProcess {
  readonly pid: number;
  readonly parent: number;
  readonly state: string;
  readonly command: string;
  readonly env: string;
}

/** Waits until the processes of so many tasks have stopped, wherever in a run below `cwd` they are. */
export async function stoppedTasks(running: Running, cwd: string, count: number): Promise<TaskProcess[]> {
  let stopped: TaskProcess[] = [];
  const isEnough = async () => {
    stopped = (await tasksAtWork(cwd)).filter(({ state }) => state === 'T');
    return stopped.length >= count;
  };
  const ended = running.outcome.then(({ code, stderr }) => {
    throw new Error(`it ended with ${code} before a task had stopped: ${stderr}`);
  });
  await Promise.race([ended, until('a task has stopped', isEnough)]);
  return stopped;
}

/** Waits until no task of a run below `cwd` is at work. */
export async function untilNoTask(cwd: string): Promise<void> {
  await until('no task is at work', async () => (await tasksAtWork(cwd)).length === 0);
}

/** Waits for a condition. */
export async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  await vi.waitFor(async () => {
    if (!(await condition())) throw new Error(`this did not come: ${what}`);
  }, DEADLINE);
}

/** The processes that do tasks of runs below `cwd`: `pitwall task`, and the workers of this machine. */
export async function tasksAtWork(cwd: string): Promise<TaskProcess[]> {
  const all = await processes();
  return all.filter(({ command, env, state }) => {
    const isTask = /\btask\b/.test(command) && command.includes(`${cwd}/`);
    const isWorker = command.includes('local-worker.js') && env.includes(`PITWALL_TEST_CWD=${cwd}\0`);
    return state !== 'Z' && (isTask || isWorker) && /^[^ ]*node\b/.test(command);
  });
}

/** The processes of this machine. */
export async function processes(): Promise<TaskProcess[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  return (await Promise.all(pids.map(readProcess))).filter((process) => process !== undefined);
}

/** https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: the name, in brackets, may hold anything. */
async function readProcess(pid: string): Promise<TaskProcess | undefined> {
  const read = (name: string) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '');
  const [stat, command, env] = await Promise.all([read('stat'), read('cmdline'), read('environ')]);
  const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (state === undefined || state === '') return undefined;
  return {
    pid: Number(pid),
    parent: Number(parent),
    state,
    command: command.replaceAll('\0', ' ').trim(),
    env: `\0${env}`,
  };
}
