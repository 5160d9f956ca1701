import type { Step } from '../job/job.ts';
import { outlineSql } from '../job/sql-text.ts';
import { sumInputBytes, sumSizes } from '../plan/input-bytes.ts';
import type { Plan, PlannedInput } from '../plan/plan.ts';
import { bytesRead } from './bytes-read.ts';

/** A stretch of a task's work. */
export interface Phase {
  readonly name: string;
  /** Input bytes that are read in it. */
  readonly bytes: number;
  /** All its work, in bytes read that would take about as long. */
  readonly weight: number;
}

export interface WorkDone {
  /** Of the whole task, 0 to 1. */
  readonly fraction: number;
  /** Input bytes read. */
  readonly bytes: number;
}

/** What computing, checking and writing cost beside reading, as parts of all input bytes; measured on race_stats. */
const COMPUTING_SHARE = 0.1;
const CHECKING_SHARE = 0.05;
const WRITING_SHARE = 0.3;

/** The name of the phase in which a fused task checks. */
export const CHECKING = 'checking';

/** The phases of a task, to tell how far it is. */
export class Workload {
  readonly #phases: readonly Phase[];
  readonly #total: number;
  readonly #bytesRead: () => number | undefined;
  #current = 0;
  #bytesBefore: number | undefined;

  constructor(phases: Iterable<Phase>, readCounter = bytesRead) {
    this.#bytesRead = readCounter;
    this.#phases = [...phases];
    this.#total = Math.max(1, sum(this.#phases.map(({ weight }) => weight)));
  }

  /** Phases that are passed over count as done. */
  begin(name: string): void {
    const index = this.#phases.findIndex((phase) => phase.name === name);
    if (index < 0) return;
    this.#current = index;
    this.#bytesBefore = this.#bytesRead();
  }

  /** @param known - the part of the current phase that is known to be done, 0 to 1; the bytes read may tell more */
  done(known: number): WorkDone {
    const part = Math.max(known, this.#partRead());
    const before = this.#phases.slice(0, this.#current);
    const current = this.#phases[this.#current];
    const weight = sum(before.map((phase) => phase.weight)) + part * (current?.weight ?? 0);
    const bytes = sum(before.map((phase) => phase.bytes)) + part * (current?.bytes ?? 0);
    return { fraction: Math.min(1, weight / this.#total), bytes: Math.round(bytes) };
  }

  #partRead(): number {
    const bytes = this.#phases[this.#current]?.bytes ?? 0;
    const now = bytes === 0 || this.#bytesBefore === undefined ? undefined : this.#bytesRead();
    return now === undefined ? 0 : Math.min(1, (now - (this.#bytesBefore ?? now)) / bytes);
  }
}

/** An input is read when it is loaded, or by the first step that reads it. */
export function* fusedPhases(
  { inputs, job }: Pick<Plan, 'inputs' | 'job'>,
  isLoaded: (input: PlannedInput) => boolean,
): Generator<Phase> {
  const unread = new Set(inputs.filter((input) => !isLoaded(input)));
  const allBytes = sumInputBytes(inputs);
  for (const input of inputs) {
    const bytes = unread.has(input) ? 0 : sumSizes(input.files);
    yield { name: `reading ${input.name}`, bytes, weight: bytes };
  }
  for (const step of job.steps) {
    const bytes = takeBytes(unread, step);
    yield { name: `computing ${step.name}`, bytes, weight: bytes + COMPUTING_SHARE * allBytes };
  }
  if (job.checks.length > 0) yield { name: CHECKING, bytes: 0, weight: CHECKING_SHARE * allBytes };
  for (const { name } of job.steps.filter(({ output }) => output !== undefined)) {
    yield { name: `writing ${name}`, bytes: 0, weight: WRITING_SHARE * allBytes };
  }
}

export interface StepWork {
  readonly step: string;
  /** The inputs that the task loads whole, for itself and for later tasks. */
  readonly loads: readonly PlannedInput[];
  /** What the task reads besides. */
  readonly bytes: number;
  /** The rows are written as they are computed. */
  readonly streams: boolean;
}

/** The phases of a task that does one step. */
export function* stepPhases({ step, loads, bytes, streams }: StepWork): Generator<Phase> {
  for (const input of loads) {
    yield { name: `reading ${input.name}`, bytes: sumSizes(input.files), weight: sumSizes(input.files) };
  }
  const computing = { bytes, weight: (1 + COMPUTING_SHARE) * bytes };
  const writing = WRITING_SHARE * bytes;
  if (!streams) yield { name: `computing ${step}`, ...computing };
  yield {
    name: `writing ${step}`,
    bytes: streams ? bytes : 0,
    weight: streams ? computing.weight + writing : writing,
  };
}

function takeBytes(unread: Set<PlannedInput>, { sql }: Step): number {
  const { words } = outlineSql(sql);
  const taken = [...unread].filter(({ name }) => words.has(name.toLowerCase()));
  for (const input of taken) unread.delete(input);
  return sumInputBytes(taken);
}

function sum(amounts: readonly number[]): number {
  return amounts.reduce((total, amount) => total + amount, 0);
}
