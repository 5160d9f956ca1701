import { randomUUID } from 'node:crypto';
import type { Cluster, ClusterSession, ClusterTaskState, Submission } from '../../src/engine/cluster.ts';
import { type ClusterOptions, clusterEngine } from '../../src/engine/cluster-engine.ts';
import type { AskedLimits, EngineSession, TaskEvent } from '../../src/engine/engine.ts';
import { PitwallError } from '../../src/error.ts';
import { commitRecord } from '../../src/execute/commit-record.ts';
import { writeFailure } from '../../src/execute/failure-report.ts';
import type { MachineLimits } from '../../src/execute/machine-limits.ts';
import type { RunFolder } from '../../src/plan/run-folder.ts';
import { localStorage } from '../../src/storage/local.ts';
import { LIMITS, scriptedFolder } from './worker-rig.ts';

/**
 * What an attempt does: `commit`, `fail <error kind>` (leaves a report), `say <error kind>` (the cluster alone tells),
 * `final` (the same, and it is not to be run again), `vanish`, `end` (ends well without a record), `run` (for ever),
 * `refuse` (is not taken),
 * `drop` (is taken, but the answer is lost).
 */
export type Act = string;

export interface ClusterRig {
  readonly folder: RunFolder;
  readonly session: EngineSession;
  readonly events: readonly TaskEvent[];
  readonly submissions: readonly Submission[];
  /** The ids of submissions that were called off, in order. */
  readonly canceled: readonly string[];
}

export interface ClusterRigOptions {
  /** By task: what its first attempt does, its second, …; the last stands for all after it. Others commit. */
  readonly tasks?: Readonly<Record<number, readonly Act[]>>;
  readonly mostTasks?: number;
  readonly mostMemoryBytes?: number;
  readonly signal?: AbortSignal;
  readonly isSilent?: boolean;
  /** Whether it runs tasks once more by itself that are done. */
  readonly isAtWorkAgain?: boolean;
  readonly asked?: AskedLimits;
  readonly defaults?: Partial<MachineLimits>;
  /** Whether what is called off ends. */
  readonly isDeaf?: boolean;
  readonly folder?: RunFolder;
  readonly options?: Partial<ClusterOptions>;
  readonly onSubmit?: () => void;
}

const QUICK: Partial<ClusterOptions> = {
  backoffMs: () => 1,
  recordsMs: [1, 2],
  statesMs: [1, 2],
  failedGraceMs: 5,
  endedGraceMs: 10,
  silentMs: 50,
  stopGraceMs: 20,
  stopLookMs: 1,
};

/** The engine of clusters over one that acts a script, with real records and reports. */
export async function openClusterRig(rig: ClusterRigOptions = {}): Promise<ClusterRig> {
  const folder = rig.folder ?? (await scriptedFolder({}));
  const storage = localStorage();
  const events: TaskEvent[] = [];
  const submissions: Submission[] = [];
  const canceled: string[] = [];
  const states = new Map<string, Map<number, ClusterTaskState>>();
  const numbers = new Map<number, number>();

  const attempt = async (submission: Submission, index: number) => {
    const number = (numbers.get(index) ?? 0) + 1;
    numbers.set(index, number);
    const acts = rig.tasks?.[index] ?? ['commit'];
    const [act = '', kind] = (acts[number - 1] ?? acts.at(-1) ?? '').split(' ');
    const { id, stepId } = submission;
    const error = new PitwallError(asKind(kind), `attempt ${number} of task ${index}`);
    if (act === 'commit') {
      const made = {
        fingerprint: '',
        outputs: [],
        files: [],
        checks: [],
        rows: 10,
        elapsedMs: 7,
        spillBytes: 9,
      };
      await commitRecord(storage, folder, { version: 1, stepId, index, attempt: randomUUID(), ...made });
    }
    if (act === 'fail') {
      const limits = submission.limits ?? LIMITS;
      const report = { error, limits, redact: (text: string) => text };
      await writeFailure(storage, folder, { stepId, index, submission: id }, report);
    }
    const state = stateOf(act, error);
    if (state !== undefined) states.get(id)?.set(index, state);
  };

  const cluster: ClusterSession = {
    submit: async (submission) => {
      const acts = submission.indexes.map((index) => rig.tasks?.[index]?.[numbers.get(index) ?? 0]);
      if (acts.includes('refuse')) throw new PitwallError('usage', 'refused');
      submissions.push(submission);
      states.set(submission.id, new Map());
      for (const index of submission.indexes) await attempt(submission, index);
      if (acts.includes('drop')) throw new PitwallError('temporary', 'dropped');
      rig.onSubmit?.();
    },
    look: async (ids) =>
      rig.isSilent ? undefined : new Map(ids.map((id) => [id, states.get(id) ?? new Map()])),
    ...(rig.defaults === undefined ? {} : { defaults: rig.defaults }),
    isAtWorkAgain: async () => rig.isAtWorkAgain === true,
    cancel: async (ids) => void canceled.push(...ids),
    isOver: async () => rig.isDeaf !== true,
    close: async () => undefined,
  };
  const { mostTasks = 100, mostMemoryBytes = LIMITS.memoryBytes * 8 } = rig;
  const acting: Cluster = {
    ...{ name: 'acting', mostTasks, mostMemoryBytes },
    ...{ check: async () => undefined, open: async () => cluster },
  };
  const engine = clusterEngine(acting, { ...QUICK, ...rig.options });
  const { signal = new AbortController().signal } = rig;
  const session = await engine.open({
    ...{ storage, folder, limits: LIMITS, workers: 1, asked: rig.asked ?? {}, signal },
    onEvent: (event) => void events.push(event),
  });
  return { folder, session, events, submissions, canceled };
}

function asKind(kind: string | undefined): PitwallError['kind'] {
  return kind === 'data' || kind === 'memory' ? kind : 'temporary';
}

function stateOf(act: string, error: PitwallError): ClusterTaskState | undefined {
  if (act === 'say' || act === 'final') return { kind: 'failed', error, isFinal: act === 'final' };
  if (act === 'run') return { kind: 'running' };
  return act === 'vanish' ? undefined : { kind: 'ended' };
}
