import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { errorCode } from '../storage/local-error.ts';

/** Which process of which machine it is; what a system does not tell is `undefined`. */
export interface ProcessIdentity {
  readonly host: string;
  /** Another after each start of the machine. */
  readonly bootId: string | undefined;
  /** Processes of two containers may have the same number: then these differ. */
  readonly pidNamespace: string | undefined;
  readonly pid: number;
  /** In clock ticks since the machine's start: numbers of processes are used again. */
  readonly pidStartedAt: string | undefined;
}

/** `unknown`: of another machine, stopped, or on a system that does not tell. */
export type ProcessState = 'running' | 'gone' | 'unknown';

/** This process. */
export async function ownIdentity(): Promise<ProcessIdentity> {
  const { pid } = process;
  return {
    host: hostname(),
    bootId: (await textOf('/proc/sys/kernel/random/boot_id'))?.trim(),
    pidNamespace: await readlink('/proc/self/ns/pid').catch(() => undefined),
    pid,
    pidStartedAt: (await statOf(pid))?.startedAt,
  };
}

/** What has become of a process, as far as this machine can tell. */
export async function stateOf(other: ProcessIdentity): Promise<ProcessState> {
  const own = await ownIdentity();
  if (!isNeighbour(own, other)) return 'unknown';
  if (!exists(other.pid)) return 'gone';
  const stat = await statOf(other.pid);
  if (stat === undefined || other.pidStartedAt === undefined) return 'unknown';
  if (stat.startedAt !== other.pidStartedAt || /[ZX]/.test(stat.state)) return 'gone';
  return /[Tt]/.test(stat.state) ? 'unknown' : 'running';
}

function isNeighbour(own: ProcessIdentity, other: ProcessIdentity): boolean {
  return own.host === other.host && own.bootId === other.bootId && own.pidNamespace === other.pidNamespace;
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) !== 'ESRCH';
  }
}

/** https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: the name, in brackets, may hold anything. */
async function statOf(pid: number): Promise<{ state: string; startedAt: string } | undefined> {
  const text = await textOf(`/proc/${pid}/stat`);
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, startedAt] = [fields?.[0], fields?.[19]];
  return state === undefined || startedAt === undefined ? undefined : { state, startedAt };
}

async function textOf(path: string): Promise<string | undefined> {
  return await readFile(path, 'utf8').catch(() => undefined);
}
