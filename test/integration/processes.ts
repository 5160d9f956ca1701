import type { ChildProcess } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { expect } from 'vitest';
import type { FaultPoint } from '../../src/fault-point.ts';
import { type Outcome, type PitwallOptions, pitwall } from '../e2e/pitwall.ts';

/** How long a condition may take on a busy machine before the test has failed. */
const DEADLINE = { timeout: 60_000, interval: 20 };

/** A `pitwall` at work. */
export interface Running {
  readonly pid: number;
  readonly outcome: Promise<Outcome>;
  /** All that it has said on stderr so far. */
  readonly said: () => string;
}

/** Starts `pitwall` and goes on. */
export function start(args: readonly string[], options: PitwallOptions): Running {
  const children: ChildProcess[] = [];
  let said = '';
  const outcome = pitwall(args, {
    ...options,
    onStart: (child) => children.push(child),
    onStderr: (stderr) => {
      said = stderr;
    },
  });
  return { pid: children[0]?.pid ?? 0, outcome, said: () => said };
}

/** The environment in which a process stops at a point, as if someone had sent it SIGSTOP there. */
export function stopsAt(point: FaultPoint): NodeJS.ProcessEnv {
  return { PITWALL_FAULT: `SIGSTOP@${point}` };
}

/** Starts `pitwall` and waits until its own process has stopped at a point. */
export async function startStopped(
  point: FaultPoint,
  args: readonly string[],
  options: PitwallOptions,
): Promise<Running> {
  const running = start(args, { ...options, env: { ...options.env, ...stopsAt(point) } });
  await untilStopped(running, [running.pid]);
  return running;
}

/** Waits until `count` of a process's children have stopped; gives their ids. */
export async function stoppedChildren(running: Running, count: number): Promise<number[]> {
  let stopped: number[] = [];
  const isEnough = async () => {
    stopped = (await processes())
      .filter(isChildOf(running.pid))
      .filter(isStopped)
      .map(({ pid }) => pid);
    return stopped.length >= count;
  };
  await until(running, isEnough);
  return stopped;
}

/** Waits until it has said something on stderr. */
export async function untilSaid(running: Running, text: string): Promise<void> {
  await until(running, async () => running.said().includes(text));
}

/** The ids of a process's children. */
export async function childrenOf(parent: number): Promise<number[]> {
  return (await processes()).filter(isChildOf(parent)).map(({ pid }) => pid);
}

/** Waits until none of these processes is there. */
export async function untilGone(pids: readonly number[]): Promise<void> {
  const living = async () =>
    (await processes()).filter(({ pid, state }) => pids.includes(pid) && state !== 'Z');
  await expect.poll(living, DEADLINE).toEqual([]);
}

async function untilStopped(running: Running, pids: readonly number[]): Promise<void> {
  await until(running, async () => {
    const stopped = (await processes()).filter(isStopped).map(({ pid }) => pid);
    return pids.every((pid) => stopped.includes(pid));
  });
}

/** Fails at once when the process ends instead. */
async function until({ outcome }: Running, condition: () => Promise<boolean>): Promise<void> {
  const ended = outcome.then(({ code, stderr }) => {
    throw new Error(`it ended with ${code} before the test had it where it should be: ${stderr}`);
  });
  await Promise.race([ended, expect.poll(condition, DEADLINE).toBe(true)]);
}

interface SystemProcess {
  readonly pid: number;
  readonly state: string;
  readonly parent: number;
}

function isChildOf(parent: number): (process: SystemProcess) => boolean {
  return (process) => process.parent === parent;
}

function isStopped({ state }: SystemProcess): boolean {
  return state === 'T';
}

async function processes(): Promise<SystemProcess[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(pids.map(readProcess));
  return found.filter((process) => process !== undefined);
}

/** https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: the name, in brackets, may hold anything. */
async function readProcess(pid: string): Promise<SystemProcess | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  const [state, parent] = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
  return state === undefined ? undefined : { pid: Number(pid), state, parent: Number(parent) };
}
