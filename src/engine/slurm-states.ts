import { type ClusterTaskState, failedState } from './cluster.ts';
import { signalName } from './signal-name.ts';

/** An element of an array, as squeue or sacct tells of it. */
export interface SlurmElement {
  /** The id of the array. */
  readonly arrayId: string;
  readonly element: number;
  /** `RUNNING`, `NODE_FAIL`, … */
  readonly state: string;
  readonly reason: string;
  /** How often it was queued again. */
  readonly restarts: number;
  readonly exitCode: number;
  /** The signal that ended it; 0 for none. */
  readonly signal: number;
}

/** The columns asked of squeue: wide enough for what is read. */
export const SQUEUE_FORMAT = 'ArrayJobID:16,ArrayTaskID:16,State:24,exit_code:16,RestartCnt:8,Reason:64';
const WIDTHS = [16, 16, 24, 16, 8, 64];

/**
 * The lines of `squeue --array --noheader --Format=<SQUEUE_FORMAT>`; others than elements of arrays are left out.
 *
 * @see https://slurm.schedmd.com/squeue.html
 */
export function parseSqueue(text: string): SlurmElement[] {
  return text.split('\n').flatMap((line) => {
    const [arrayId = '', element = '', state = '', code = '', restarts = '', reason = ''] = columns(line);
    if (!/^\d+$/.test(element)) return [];
    const status = Number(code);
    return [
      {
        ...{ arrayId, element: Number(element), state, reason, restarts: Number(restarts) },
        ...{ exitCode: (status >> 8) & 0xff, signal: status & 0x7f },
      },
    ];
  });
}

function columns(line: string): string[] {
  let start = 0;
  return WIDTHS.map((width) => {
    const column = line.slice(start, start + width).trim();
    start += width;
    return column;
  });
}

/**
 * The lines of `sacct -X -n -P -o JobID,State,ExitCode`.
 *
 * @see https://slurm.schedmd.com/sacct.html
 */
export function parseSacct(text: string): SlurmElement[] {
  return text.split('\n').flatMap((line) => {
    const [, arrayId, element, state = '', exitCode, signal] =
      /^(\d+)_(\d+)\|(\w+)[^|]*\|(\d+):(\d+)/.exec(line) ?? [];
    if (arrayId === undefined) return [];
    return [
      {
        ...{ arrayId, element: Number(element), state, reason: '', restarts: 0 },
        ...{ exitCode: Number(exitCode), signal: Number(signal) },
      },
    ];
  });
}

/** Where the state of a job says that it waits or runs. https://slurm.schedmd.com/squeue.html#SECTION_JOB-STATE-CODES */
const WAITING = new Set([
  'PENDING',
  'CONFIGURING',
  'REQUEUED',
  'REQUEUE_FED',
  'REQUEUE_HOLD',
  'SPECIAL_EXIT',
]);
const RUNNING = new Set([
  'RUNNING',
  'COMPLETING',
  'SUSPENDED',
  'STOPPED',
  'SIGNALING',
  'STAGE_OUT',
  'RESIZING',
]);

/** Whether an element can still do something. */
export function isActive({ state }: SlurmElement): boolean {
  return WAITING.has(state) || RUNNING.has(state);
}

/** What an element's state says of its task. */
export function toTaskState(element: SlurmElement): ClusterTaskState {
  const { state, exitCode } = element;
  if (isHeld(element)) return failedState('temporary', 'its node could not start it');
  if (WAITING.has(state)) return { kind: 'waiting' };
  if (RUNNING.has(state)) return { kind: 'running' };
  if (state === 'COMPLETED') return { kind: 'ended' };
  if (state === 'CANCELLED' || state === 'REVOKED')
    return failedState('temporary', 'cancelled in Slurm; pitwall resume goes on', true);
  if (state === 'TIMEOUT' || state === 'DEADLINE')
    return failedState('data', `over the time limit of Slurm; give it more by --slurm-args "--time=…"`, true);
  if (state === 'OUT_OF_MEMORY')
    return failedState('memory', 'killed by Slurm, which had no memory left for it');
  if (state === 'NODE_FAIL' || state === 'BOOT_FAIL' || state === 'PREEMPTED')
    return failedState('temporary', `lost by Slurm (${state})`);
  return failedState('temporary', `ended ${describeEnd(element)} in Slurm (${state}, exit code ${exitCode})`);
}

/** After a launch that failed Slurm holds a job until an administrator looks at it. */
function isHeld({ state, reason }: SlurmElement): boolean {
  return state === 'PENDING' && /launch.failed.requeued.held/i.test(reason);
}

function describeEnd({ signal }: SlurmElement): string {
  return signal === 0 ? 'without a word' : `by ${signalName(signal)}`;
}
