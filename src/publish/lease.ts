import { randomUUID } from 'node:crypto';
import { PitwallError } from '../error.ts';
import { createOnce } from '../storage/create-once.ts';
import type { Storage } from '../storage/storage.ts';
import { type LeaseClock, SYSTEM_CLOCK } from './lease-clock.ts';
import { type FoundLease, type LeaseFile, leaseFolder, leaseUrl, readLease } from './lease-file.ts';
import { listNumbered, type NumberedEntry, pruneEntries } from './numbered-log.ts';
import { ownIdentity, type ProcessIdentity, type ProcessState, stateOf } from './process-identity.ts';

const DEFAULT_TTL_MS = 30_000;
/** Old epochs that stay, for who still believes in them. */
const KEPT_EPOCHS = 3;
const MAX_POLL_MS = 1000;

export interface LeaseOptions {
  readonly storage: Storage;
  readonly store: string;
  /** For messages; the name of the store's folder by default, which is the job's. */
  readonly job?: string | undefined;
  readonly runId: string;
  /** After how long without a sign of life another may take over. */
  readonly ttlMs?: number | undefined;
  /** Waits until the lease is free, in place of an error. */
  readonly wait?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told once, with the run that holds the lease. */
  readonly onWait?: ((holder: string) => void) | undefined;
  readonly clock?: LeaseClock | undefined;
  readonly identity?: ProcessIdentity | undefined;
  readonly stateOf?: ((other: ProcessIdentity) => Promise<ProcessState>) | undefined;
}

/** The right to run a job. It only keeps drivers from each other's way: what is published is safe without it. */
export interface Lease {
  readonly epoch: number;
  /** Aborts, with a PitwallError (`temporary`), when another has taken over. */
  readonly lost: AbortSignal;
  /** Says which run is at work under the lease. */
  nameRun(runId: string): Promise<void>;
  /** Looks now. @throws PitwallError (`temporary`) when another has taken over */
  assertHeld(): Promise<void>;
  /** Lets the next have it at once; safe to call twice. */
  release(): Promise<void>;
}

/**
 * Takes the lease of a job: the next epoch, created where nothing lies, once the epoch before is free. It is when it was
 * released, when its owner is a dead process of this machine, or when it has not changed for its `ttlMs` on our clock.
 *
 * @throws PitwallError (`temporary`) when another run holds it and `wait` is not set
 */
export async function takeLease(options: LeaseOptions): Promise<Lease> {
  const { clock = SYSTEM_CLOCK } = options;
  const watch = new LeaseWatch(options, clock);
  for (;;) {
    options.signal?.throwIfAborted();
    const startedMs = clock.nowMs();
    const found = await readLease(options.storage, options.store);
    if (found === undefined || (await watch.isFree(found, startedMs))) {
      const taken = await createEpoch(options, (found?.epoch ?? 0) + 1, clock);
      if (taken !== undefined) return taken;
    } else {
      await watch.wait(found);
    }
  }
}

/** What one driver has seen of another's lease. */
class LeaseWatch {
  readonly #options: LeaseOptions;
  readonly #clock: LeaseClock;
  #text: string | undefined;
  #seenMs = 0;
  #isAlive = false;
  #isTold = false;

  constructor(options: LeaseOptions, clock: LeaseClock) {
    this.#options = options;
    this.#clock = clock;
  }

  /** `startedMs`: before it was read. From the end of the first look to the start of this one it was the same. */
  async isFree(found: FoundLease, startedMs: number): Promise<boolean> {
    const { file, text } = found;
    if (file?.released) return true;
    const key = `${found.epoch} ${text}`;
    if (key !== this.#text) {
      this.#isAlive = this.#text !== undefined;
      this.#text = key;
      this.#seenMs = this.#clock.nowMs();
      return await this.#isDead(file);
    }
    return startedMs - this.#seenMs >= (file?.ttlMs ?? this.#options.ttlMs ?? DEFAULT_TTL_MS);
  }

  async #isDead(file: LeaseFile | undefined): Promise<boolean> {
    if (file === undefined) return false;
    const state = await (this.#options.stateOf ?? stateOf)(file);
    if (state === 'running') this.#isAlive = true;
    return state === 'gone';
  }

  /** @throws PitwallError (`temporary`) as soon as the holder is known to live, unless it is to be waited for */
  async wait({ file }: FoundLease): Promise<void> {
    const { wait = false, onWait, ttlMs = DEFAULT_TTL_MS, signal } = this.#options;
    const holder = file?.runId ?? 'unknown';
    if (!wait && this.#isAlive) throw heldBy(jobOf(this.#options), holder);
    if (wait && !this.#isTold) onWait?.(holder);
    this.#isTold = true;
    await this.#clock.sleep(Math.min(MAX_POLL_MS, (file?.ttlMs ?? ttlMs) / 8), signal);
  }
}

function jobOf({ job, store }: LeaseOptions): string {
  return job ?? store.split('/').at(-1) ?? store;
}

function heldBy(job: string, runId: string): PitwallError {
  return new PitwallError(
    'temporary',
    `job ${job}: another run (${runId}) is publishing or running; run it again later, or use --wait`,
  );
}

/** `undefined` when another took the epoch, or one above it. */
async function createEpoch(
  options: LeaseOptions,
  epoch: number,
  clock: LeaseClock,
): Promise<Lease | undefined> {
  const { storage, store, runId, ttlMs = DEFAULT_TTL_MS } = options;
  const identity = options.identity ?? (await ownIdentity());
  const owner = randomUUID();
  const file: LeaseFile = { version: 1, epoch, runId, owner, ...identity, ttlMs, beat: 0, released: false };
  const { kind } = await createOnce(storage, leaseUrl(store, epoch), encode(file));
  if (kind === 'exists') return undefined;
  const lease = new HeldLease(options, file, clock);
  const epochs = await listNumbered(storage, leaseFolder(store));
  if (!lease.isHeldAmong(epochs)) return undefined;
  await pruneEntries(storage, epochs, KEPT_EPOCHS).catch(() => undefined);
  lease.start();
  return lease;
}

function encode(file: LeaseFile): Uint8Array {
  return Buffer.from(JSON.stringify(file));
}

class HeldLease implements Lease {
  readonly epoch: number;
  readonly #options: LeaseOptions;
  readonly #clock: LeaseClock;
  readonly #lost = new AbortController();
  #file: LeaseFile;
  #stop: () => void = () => undefined;
  #beating: Promise<void> = Promise.resolve();

  constructor(options: LeaseOptions, file: LeaseFile, clock: LeaseClock) {
    this.#options = options;
    this.#file = file;
    this.#clock = clock;
    this.epoch = file.epoch;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  start(): void {
    this.#stop = this.#clock.every(this.#file.ttlMs / 4, () => {
      this.#beating = this.#beat();
      return this.#beating;
    });
  }

  async isHeld(): Promise<boolean> {
    const { storage, store } = this.#options;
    return this.isHeldAmong(await listNumbered(storage, leaseFolder(store)));
  }

  isHeldAmong(epochs: readonly NumberedEntry[]): boolean {
    return (epochs.at(-1)?.number ?? 0) <= this.epoch;
  }

  async assertHeld(): Promise<void> {
    if (!this.#lost.signal.aborted && !(await this.isHeld())) this.#lose();
    this.#lost.signal.throwIfAborted();
  }

  async nameRun(runId: string): Promise<void> {
    if (runId !== this.#file.runId) await this.#write({ ...this.#file, runId });
  }

  async release(): Promise<void> {
    if (this.#file.released) return;
    this.#stop();
    await this.#beating.catch(() => undefined);
    // Not said, it is seen: others find this process gone, or the lease unchanged.
    await this.#write({ ...this.#file, released: true }).catch(() => undefined);
  }

  /** A beat that the store refuses is made up by the next: others see a change, or take over. */
  async #beat(): Promise<void> {
    if (await this.isHeld()) await this.#write({ ...this.#file, beat: this.#file.beat + 1 });
    else this.#lose();
  }

  async #write(file: LeaseFile): Promise<void> {
    this.#file = file;
    await this.#options.storage.writeAtomic(leaseUrl(this.#options.store, this.epoch), encode(file));
  }

  #lose(): void {
    this.#stop();
    const { runId } = this.#options;
    const message = `job ${jobOf(this.#options)}: another run took over while run ${runId} gave no sign of life; run it again later`;
    this.#lost.abort(new PitwallError('temporary', message));
  }
}
