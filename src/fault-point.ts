import { closeSync, openSync } from 'node:fs';
import { PitwallError } from './error.ts';

/**
 * The places at which a run can be stopped by tests, in the order in which it comes to them. A process that dies at any
 * of them leaves what `pitwall resume` completes.
 */
export const FAULT_POINTS = [
  'plan: lease taken',
  'plan: run folder made',
  'plan: plan written',
  'plan: step planned',
  'task: started',
  'task: inputs staged',
  'task: inputs loaded',
  'task: outputs staged',
  'task: rows kept',
  'commit: before record',
  'commit: after record',
  'step: tasks ended',
  'step: files listed',
  'check: before',
  'check: after',
  'publish: before announcement',
  'publish: after announcement',
  'publish: before file',
  'publish: file linked',
  'publish: after file',
  'publish: after files',
  'publish: before stale',
  'publish: after stale',
  'publish: before manifest',
  'publish: after manifest',
  'end: before results',
  'end: after results',
  'end: before cleaning',
  'end: lease released',
] as const;

export type FaultPoint = (typeof FAULT_POINTS)[number];

const SIGNALS = ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGSTOP'] as const;

/**
 * Does nothing, unless the environment has `PITWALL_FAULT=<signal>@<point>`: then this process gets the signal, or for
 * `FAIL` an error that may pass, the first time that it comes here. Of all processes that share it only the first does where `PITWALL_FAULT_ONCE` names a file,
 * which it makes. For tests of crashes.
 */
export function reach(point: FaultPoint): void {
  const fault = process.env.PITWALL_FAULT;
  if (fault === undefined) return;
  const [act, at] = fault.split('@');
  const signal = SIGNALS.find((name) => name === act);
  if (at !== point || (signal === undefined && act !== 'FAIL') || !isFirst(process.env.PITWALL_FAULT_ONCE))
    return;
  delete process.env.PITWALL_FAULT;
  if (signal === undefined) throw new PitwallError('temporary', `a test made it fail at "${point}"`);
  process.kill(process.pid, signal);
}

function isFirst(file: string | undefined): boolean {
  if (file === undefined) return true;
  try {
    closeSync(openSync(file, 'wx'));
    return true;
  } catch {
    return false;
  }
}
