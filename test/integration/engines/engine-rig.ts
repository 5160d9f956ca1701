import type { Running } from '../processes.ts';
import { processes, type TaskProcess } from './machine-processes.ts';
import { until } from './until.ts';

/** How the contract of engines starts one, and disturbs it. */
export interface EngineRig {
  /** Of `pitwall run` and `resume`. */
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Kills the machine, or what stands for it, on which a task's process is, and lets it be replaced. */
  killExecutor(pid: number): Promise<void>;
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

/** The processes that do tasks of runs below `cwd`: `pitwall task`, and the workers of this machine. */
export async function tasksAtWork(cwd: string): Promise<TaskProcess[]> {
  const all = await processes();
  return all.filter(({ command, env, state }) => {
    const isTask = /\btask\b/.test(command) && command.includes(`${cwd}/`);
    const isWorker = command.includes('local-worker.cjs') && env.includes(`PITWALL_TEST_CWD=${cwd}\0`);
    return state !== 'Z' && (isTask || isWorker) && /^[^ ]*node\b/.test(command);
  });
}
