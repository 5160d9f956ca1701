import { PitwallError } from '../error.ts';
import type { ClusterLook, ClusterSession } from './cluster.ts';
import { Pace, type PaceRange } from './pace.ts';

export interface ClusterWatchSettings {
  /** Between two looks at the records and failures. */
  readonly recordsMs: PaceRange;
  /** Between two questions to the cluster. */
  readonly statesMs: PaceRange;
  /** How long a cluster may not answer while nothing comes of its tasks. */
  readonly silentMs: number;
}

/** When to look at what becomes of a cluster's tasks, and at the cluster. */
export class ClusterWatch {
  readonly #name: string;
  readonly #session: ClusterSession;
  readonly #silentMs: number;
  readonly #records: Pace;
  readonly #states: Pace;
  #heardMs = performance.now();

  constructor(name: string, session: ClusterSession, settings: ClusterWatchSettings) {
    this.#name = name;
    this.#session = session;
    this.#silentMs = settings.silentMs;
    this.#records = new Pace(settings.recordsMs, this.#heardMs);
    this.#states = new Pace(settings.statesMs, this.#heardMs);
  }

  /** Milliseconds until the next look at the records. */
  waitMs(nowMs: number): number {
    return this.#records.waitMs(nowMs);
  }

  /** Something became of a task: more is looked for soon. */
  changed(): void {
    this.#heardMs = performance.now();
    this.#records.changed(this.#heardMs);
    this.#states.changed(this.#heardMs);
  }

  /** A look at the records that began then has ended. */
  looked(startedMs: number): void {
    this.#records.looked(startedMs, performance.now());
  }

  /**
   * What the cluster says, when it is time to ask; `undefined` when it is not, or it does not answer.
   *
   * @throws PitwallError (`temporary`) when it has said nothing for too long
   */
  async ask(submissions: Iterable<string>): Promise<ClusterLook | undefined> {
    const startedMs = performance.now();
    if (this.#states.waitMs(startedMs) > 0) return undefined;
    const look = await this.#session.look([...submissions]);
    const nowMs = performance.now();
    this.#states.looked(startedMs, nowMs);
    if (look !== undefined) this.#heardMs = nowMs;
    else if (nowMs - this.#heardMs > this.#silentMs) throw this.#silence();
    return look;
  }

  #silence(): PitwallError {
    const seconds = Math.round(this.#silentMs / 1000);
    const message = `${this.#name} has not answered for ${seconds} s and nothing came of its tasks; go on later with pitwall resume`;
    return new PitwallError('temporary', message);
  }
}
