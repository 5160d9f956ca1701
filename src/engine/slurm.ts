import { mkdir } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { PitwallError } from '../error.ts';
import { mapConcurrent } from '../plan/map-concurrent.ts';
import type { Cluster, ClusterLook, ClusterSession, ClusterTaskState, Submission } from './cluster.ts';
import { type ClusterOptions, clusterEngine } from './cluster-engine.ts';
import type { Engine, EngineRun } from './engine.ts';
import { ownCommand } from './own-command.ts';
import { isInstalled, type ProgramEnd, type ProgramOptions, runProgram } from './run-program.ts';
import { quoteShell } from './shell-words.ts';
import { type SlurmArray, toSlurmArrays } from './slurm-array.ts';
import { type SlurmJob, sbatchArgs, slurmJobName, slurmScript } from './slurm-script.ts';
import {
  isActive,
  parseSacct,
  parseSqueue,
  type SlurmElement,
  SQUEUE_FORMAT,
  toTaskState,
} from './slurm-states.ts';

export interface SlurmOptions {
  /** Arguments of sbatch: `--partition=long`, `--time=1:00:00`. */
  readonly args?: readonly string[];
  /** How Pitwall is called on the nodes; by default as this one is, which then has to lie at the same place there. */
  readonly command?: readonly string[];
  /** How tasks are followed; for tests. */
  readonly follow?: Partial<ClusterOptions>;
}

/** Runs the tasks of each step as job arrays of Slurm. https://slurm.schedmd.com/job_array.html */
export function slurmEngine({ follow = {}, ...options }: SlurmOptions = {}): Engine {
  return clusterEngine(slurmCluster(options), follow);
}

const NAME = 'slurm';
const PROGRAMS = ['sbatch', 'squeue', 'scancel', 'scontrol'] as const;
/** A cluster takes 10,000 jobs of all users together, unless it is set otherwise (MaxJobCount). */
const MOST_TASKS = 4000;
const TIMEOUT_MS = 60_000;
/** Without a slurm.conf its programs look for one a minute long. */
const CONFIG_TIMEOUT_MS = 30_000;
/** An interruption has 20 s. */
const CANCEL_TIMEOUT_MS = 5000;
const CANCELS_AT_ONCE = 32;
const SUBMIT_WAITS_MS = [1000, 4000, 15_000];
/** Set by ourselves: two of them would make the array another one than is followed. */
const OWN_ARGS = /^(?:--(?:array|job-name|wrap|parsable|test-only|wait|hold)(?:=|$)|-[aJWH])/;

function slurmCluster({ args = [], command }: SlurmOptions): Cluster {
  return {
    name: NAME,
    options: args.length === 0 ? [] : [['--slurm-args', args.map(quoteShell).join(' ')]],
    mostTasks: MOST_TASKS,
    mostMemoryBytes: Number.POSITIVE_INFINITY,
    check: () => checkSlurm(args),
    open: async (run) => new SlurmSession(run, args, command ?? ownCommand(), await maxArraySize()),
  };
}

async function checkSlurm(args: readonly string[]): Promise<void> {
  const own = args.find((arg) => OWN_ARGS.test(arg));
  if (own !== undefined)
    throw new PitwallError('usage', `--slurm-args: ${own} is set by Pitwall itself; leave it out`);
  const missing = PROGRAMS.find((program) => !isInstalled(program));
  if (missing === undefined) return;
  const message = `--engine slurm needs ${missing} on the PATH: run it on a login node, or install Slurm's client programs (slurm-client) with the cluster's slurm.conf`;
  throw new PitwallError('usage', message);
}

/** Runs a program of Slurm. */
function slurm(
  program: (typeof PROGRAMS)[number] | 'sacct',
  args: readonly string[],
  options: Partial<ProgramOptions> = {},
): Promise<ProgramEnd> {
  return runProgram(program, args, { timeoutMs: TIMEOUT_MS, ...options });
}

/** @throws PitwallError (`temporary`) when the controller does not answer */
async function maxArraySize(): Promise<number> {
  const { stdout, stderr } = await slurm('scontrol', ['show', 'config'], { timeoutMs: CONFIG_TIMEOUT_MS });
  const [, size] = /^MaxArraySize\s*=\s*(\d+)/m.exec(stdout) ?? [];
  if (size !== undefined) return Number(size);
  const message = `Slurm does not answer: ${firstLine(stderr)}; look whether SLURM_CONF is right and slurmctld runs`;
  throw new PitwallError('temporary', message);
}

/** An array that was handed over. */
interface SubmittedArray extends SlurmArray {
  readonly id: string;
  readonly submission: string;
  readonly indexes: ReadonlySet<number>;
}

class SlurmSession implements ClusterSession {
  readonly #run: EngineRun;
  readonly #args: readonly string[];
  readonly #command: readonly string[];
  readonly #maxArraySize: number;
  readonly #arrays: SubmittedArray[] = [];

  constructor(run: EngineRun, args: readonly string[], command: readonly string[], maxArraySize: number) {
    this.#run = run;
    this.#args = args;
    this.#command = command;
    this.#maxArraySize = maxArraySize;
  }

  async submit(submission: Submission): Promise<void> {
    const log = await this.#log();
    const limits = submission.limits ?? this.#run.asked;
    for (const array of toSlurmArrays(submission.indexes, this.#maxArraySize)) {
      const { workers } = this.#run.asked;
      const { threads, memoryBytes } = limits;
      const id = await this.#handOver({
        ...{ array, log, workers, threads, memoryBytes, args: this.#args, command: this.#command },
        endpoint: this.#run.storageOptions?.s3?.endpoint,
        ...{ submission: submission.id, stepId: submission.stepId, folderUrl: this.#run.folder.url },
      });
      const last = array.base + this.#maxArraySize;
      const indexes = submission.indexes.filter((index) => index >= array.base && index < last);
      this.#arrays.push({ ...array, id, submission: submission.id, indexes: new Set(indexes) });
    }
  }

  async look(ids: readonly string[]): Promise<ClusterLook | undefined> {
    const elements = await squeue(ids);
    if (elements === undefined) return undefined;
    const look = new Map<string, Map<number, ClusterTaskState>>(ids.map((id) => [id, new Map()]));
    this.#add(look, elements);
    const unseen = this.#arrays.filter(({ submission, indexes }) => {
      const seen = look.get(submission);
      return seen !== undefined && [...indexes].some((index) => !seen.has(index));
    });
    if (unseen.length > 0) this.#add(look, await sacct(unseen.map(({ id }) => id)));
    return look;
  }

  /** What a node that was lost had begun is queued again by Slurm. */
  async isAtWorkAgain(ids: readonly string[]): Promise<boolean> {
    const elements = await squeue(ids, CANCEL_TIMEOUT_MS);
    return elements?.some((element) => element.restarts > 0 && isActive(element)) ?? true;
  }

  async cancel(ids: readonly string[]): Promise<void> {
    await mapConcurrent(ids, CANCELS_AT_ONCE, async (id) => {
      const args = ['--quiet', '--me', `--name=${slurmJobName(id)}`];
      await slurm('scancel', args, { timeoutMs: CANCEL_TIMEOUT_MS });
    });
  }

  async isOver(ids: readonly string[]): Promise<boolean> {
    const elements = await squeue(ids, CANCEL_TIMEOUT_MS);
    return elements?.every((element) => !isActive(element)) ?? false;
  }

  async close(): Promise<void> {}

  /** What sacct knows of elements that squeue tells of as well is older. */
  #add(look: Map<string, Map<number, ClusterTaskState>>, elements: readonly SlurmElement[]): void {
    for (const element of elements) {
      const array = this.#arrays.find(({ id }) => id === element.arrayId);
      const states = array && look.get(array.submission);
      const index = (array?.base ?? 0) + element.element;
      if (states !== undefined && !states.has(index)) states.set(index, toTaskState(element));
    }
  }

  /** Beside the run's other files, where the nodes see them too. */
  async #log(): Promise<string> {
    const { logs } = this.#run.folder;
    if (logs.includes('://')) return '/dev/null';
    await mkdir(logs, { recursive: true });
    return `${logs.replaceAll('%', '%%')}/%A-%a.log`;
  }

  /** Gives the id of the array. One may have been taken although nobody said so. */
  async #handOver(job: SlurmJob): Promise<string> {
    let refusal = '';
    for (const waitMs of [0, ...SUBMIT_WAITS_MS]) {
      await delay(waitMs, undefined, { signal: this.#run.signal });
      const id = (refusal === '' ? undefined : await this.#findTaken(job)) ?? (await sbatch(job));
      if (typeof id === 'string') return id;
      refusal = id.refusal;
    }
    throw new PitwallError('temporary', `Slurm does not take the tasks: ${refusal}`);
  }

  /** An array of the job's submission that is none of those whose ids were told. */
  async #findTaken({ submission }: SlurmJob): Promise<string | undefined> {
    const known = new Set(this.#arrays.map(({ id }) => id));
    return (await squeue([submission]))?.find(({ arrayId }) => !known.has(arrayId))?.arrayId;
  }
}

/** Gives the id of the array, or why it may be taken later. @throws PitwallError (`usage`) when it is refused */
async function sbatch(job: SlurmJob): Promise<string | { readonly refusal: string }> {
  const end = await slurm('sbatch', sbatchArgs(job), { input: slurmScript(job) });
  const [, id] = /^(\d+)/.exec(end.stdout) ?? [];
  if (end.code === 0 && id !== undefined) return id;
  if (end.isLate) return { refusal: `it has not answered for ${TIMEOUT_MS / 1000} s` };
  const refusal = firstLine(end.stderr);
  if (mayPass(end.stderr)) return { refusal };
  const advice = 'change --slurm-args, --threads or --memory';
  throw new PitwallError('usage', `Slurm refuses the tasks: ${refusal}; ${advice}`);
}

/** What the user asks for is refused each time; a controller that is away or full is not for ever. */
function mayPass(stderr: string): boolean {
  return /contact|connect|timed out|temporarily|try again|limit|busy|Zero Bytes/i.test(stderr);
}

/** Linux takes 128 KiB in one argument. */
const NAMES_AT_ONCE = 1000;

/** `undefined` when the controller does not answer. */
async function squeue(
  submissions: readonly string[],
  timeoutMs = TIMEOUT_MS,
): Promise<SlurmElement[] | undefined> {
  const elements: SlurmElement[] = [];
  for (let start = 0; start < submissions.length; start += NAMES_AT_ONCE) {
    const names = submissions.slice(start, start + NAMES_AT_ONCE).map(slurmJobName);
    const which = ['--me', `--name=${names.join(',')}`, '--states=all', '--array'];
    const args = ['--noheader', ...which, `--Format=${SQUEUE_FORMAT}`];
    const { code, stdout } = await slurm('squeue', args, { timeoutMs });
    if (code !== 0) return undefined;
    elements.push(...parseSqueue(stdout));
  }
  return elements;
}

/** What the controller has forgotten; nothing where no accounting is kept. */
async function sacct(arrayIds: readonly string[]): Promise<SlurmElement[]> {
  const args = ['-X', '-n', '-P', `--jobs=${arrayIds.join(',')}`, '-o', 'JobID,State,ExitCode'];
  const end = await slurm('sacct', args).catch(() => undefined);
  return end?.code === 0 ? parseSacct(end.stdout) : [];
}

function firstLine(text: string): string {
  const [line = ''] = text.trim().split('\n');
  return line.replace(/^(?:\w+: )*(?:error|fatal): /, '');
}
