import { PitwallError } from '../../../src/error.ts';
import type { LeaseClock } from '../../../src/publish/lease-clock.ts';
import type { Random } from './random.ts';

/** How often things go wrong, each for one call to the store. */
export interface Faults {
  /** The driver is gone: its calls never come back. */
  readonly crash: number;
  /** The call is carried out, and its reply is an error. */
  readonly lostReply: number;
  /** The call is not carried out, and its reply is an error. */
  readonly failed: number;
  /** The reply is an error, and the call is carried out later. */
  readonly late: number;
  /** The driver stops for up to `pauseMs`. */
  readonly pause: number;
  readonly pauseMs: number;
}

export const NO_FAULTS: Faults = { crash: 0, lostReply: 0, failed: 0, late: 0, pause: 0, pauseMs: 6000 };

type Settle = (outcome: () => unknown) => void;

interface Call {
  readonly driver: Driver;
  readonly effect: () => unknown;
  readonly isWrite: boolean;
  /** `undefined` when nobody waits for it any more. */
  readonly settle: Settle | undefined;
}

interface Timer {
  readonly driver: Driver;
  readonly atMs: number;
  readonly fire: () => void;
}

export class Driver {
  readonly name: string;
  isCrashed = false;
  isDone = false;
  pausedUntilMs = 0;

  constructor(name: string) {
    this.name = name;
  }
}

/** Where drivers run: every call to the store waits until it is picked, one at a time, in an order that the seed gives. */
export class World {
  readonly random: Random;
  readonly drivers: Driver[] = [];
  readonly trace: string[] = [];
  nowMs = 0;
  /** Whose call is being carried out. */
  writer: Driver | undefined;
  faults: Faults;
  #calls: Call[] = [];
  #timers: Timer[] = [];

  constructor(random: Random, faults: Faults) {
    this.random = random;
    this.faults = faults;
  }

  /** A call of a driver; its effect happens at once when it is picked. */
  call<T>(driver: Driver, name: string, isWrite: boolean, effect: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const settle = (outcome: () => unknown) => {
        try {
          resolve(outcome() as T);
        } catch (error) {
          reject(error);
        }
      };
      const traced = () => {
        this.writer = driver;
        const result = effect();
        this.trace.push(`${driver.name} ${name} → ${describe(result)}`);
        return result;
      };
      this.#calls.push({ driver, isWrite, effect: traced, settle });
    });
  }

  clockOf(driver: Driver): LeaseClock {
    const after = (ms: number, fire: () => void) =>
      this.#timers.push({ driver, atMs: this.nowMs + ms, fire });
    const every = (ms: number, call: () => Promise<void>) => {
      let isEnded = false;
      const tick = async () => {
        if (isEnded) return;
        await call().catch(() => undefined);
        after(ms, tick);
      };
      after(ms, tick);
      return () => {
        isEnded = true;
      };
    };
    return {
      nowMs: () => this.nowMs,
      sleep: (ms) => new Promise((resolve) => after(ms, resolve)),
      every,
    };
  }

  start(driver: Driver, run: () => Promise<void>): Promise<void> {
    this.drivers.push(driver);
    return run().finally(() => {
      driver.isDone = true;
    });
  }

  /** Picks calls and timers until every driver is done or gone, and no call is on its way. */
  async run(): Promise<void> {
    for (let steps = 0; ; steps++) {
      if (steps > MAX_STEPS) throw new Error(`still busy after ${MAX_STEPS} calls`);
      await drained();
      if (this.#isQuiet()) return;
      this.#step();
    }
  }

  #isQuiet(): boolean {
    return this.drivers.every(({ isDone, isCrashed }) => isDone || isCrashed) && this.#calls.length === 0;
  }

  #step(): void {
    this.nowMs += this.random.below(20);
    const timer = this.#takeDueTimer();
    const call = timer === undefined ? this.#takeCall() : undefined;
    if (timer !== undefined) timer.fire();
    else if (call !== undefined) this.#carryOut(call);
    else this.#skipTime();
  }

  #takeCall(): Call | undefined {
    const ready = this.#calls.filter(({ driver, settle }) => settle === undefined || this.#isAwake(driver));
    const call = ready.length === 0 ? undefined : this.random.pick(ready);
    this.#calls = this.#calls.filter((other) => other !== call);
    return call;
  }

  #isAwake(driver: Driver): boolean {
    return !driver.isCrashed && driver.pausedUntilMs <= this.nowMs;
  }

  #takeDueTimer(): Timer | undefined {
    const index = this.#timers.findIndex(({ driver, atMs }) => atMs <= this.nowMs && this.#isAwake(driver));
    return index < 0 ? undefined : this.#timers.splice(index, 1)[0];
  }

  /** To the next moment at which something can happen. */
  #skipTime(): void {
    const moments = [...this.#timers, ...this.#calls]
      .filter(({ driver }) => !driver.isCrashed)
      .map((item) => Math.max('atMs' in item ? item.atMs : 0, item.driver.pausedUntilMs));
    if (moments.length === 0) throw new Error('nothing can happen any more, and a driver is not done');
    this.nowMs = Math.max(this.nowMs, Math.min(...moments));
  }

  #carryOut(call: Call): void {
    const { driver, effect, isWrite, settle } = call;
    const { faults, random } = this;
    if (random.chance(faults.pause)) driver.pausedUntilMs = this.nowMs + random.below(faults.pauseMs);
    if (settle === undefined) quietly(effect);
    else if (random.chance(faults.crash)) this.#crash(driver, isWrite ? effect : undefined);
    else if (random.chance(faults.failed)) settle(fail);
    else if (isWrite && random.chance(faults.late)) this.#answerEarly(call, settle);
    else if (isWrite && random.chance(faults.lostReply)) this.#loseReply(call, settle);
    else settle(effect);
  }

  #answerEarly(call: Call, settle: Settle): void {
    this.#calls.push({ ...call, settle: undefined });
    settle(fail);
  }

  #loseReply({ effect }: Call, settle: Settle): void {
    quietly(effect);
    settle(fail);
  }

  /** Of what it had asked for, a part still happens. */
  #crash(driver: Driver, effect: (() => unknown) | undefined): void {
    driver.isCrashed = true;
    this.trace.push(`${driver.name} crashes`);
    const others = this.#calls.filter((call) => call.driver === driver && call.isWrite);
    this.#calls = this.#calls.filter((call) => call.driver !== driver || call.settle === undefined);
    this.#timers = this.#timers.filter((timer) => timer.driver !== driver);
    const effects = [...(effect === undefined ? [] : [effect]), ...others.map((call) => call.effect)];
    for (const each of effects)
      if (this.random.chance(0.5))
        this.#calls.push({ driver, effect: each, isWrite: true, settle: undefined });
  }
}

const MAX_STEPS = 100_000;

function fail(): never {
  throw new PitwallError('temporary', 'the reply was lost');
}

function quietly(effect: () => unknown): void {
  try {
    effect();
  } catch {
    // Nobody waits for its outcome.
  }
}

/** Until every driver waits for the store or the clock: promises settle before the event loop goes round. */
function drained(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function describe(result: unknown): string {
  if (typeof result !== 'object' || result === null) return String(result);
  if ('kind' in result) return String(result.kind);
  return 'etag' in result ? String(result.etag) : 'bytes or a list';
}
