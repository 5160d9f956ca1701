import { setTimeout as delay } from 'node:timers/promises';
import { growingWaitMs } from '../storage/growing-wait.ts';
import { errorText } from './error-text.ts';
import { batchLength, eventBytes, fitLine, type LogEvent } from './log-batches.ts';
import type { LogDestination, LogLoss } from './log-destination.ts';

/** Puts events into one stream. */
export interface LogSender {
  /**
   * @returns how many of the events the service refused
   * @throws when none may have arrived
   */
  send(events: readonly LogEvent[], signal: AbortSignal): Promise<number>;
  /** Whether what was thrown may pass. */
  isPassing(error: unknown): boolean;
  close(): void;
}

export interface LogShipperOptions {
  readonly sender: LogSender;
  /** How long lines are gathered before they are sent. */
  readonly gatherMs?: number;
  /** What may wait in memory; lines beyond it are lost. */
  readonly queueBytes?: number;
  /** After how long a request without an answer is sent again. */
  readonly requestMs?: number;
  readonly backoffMs?: (failures: number) => number;
  readonly now?: () => number;
}

const DEFAULTS = {
  gatherMs: 1000,
  queueBytes: 32 * 2 ** 20,
  requestMs: 10_000,
  backoffMs: (failures: number) => growingWaitMs(failures, { firstMs: 250, mostMs: 10_000 }),
  now: Date.now,
};

/**
 * Sends lines to a log service in batches, one request at a time, so that they arrive in their order. A batch whose
 * failure may pass is sent again until it is taken or the log is closed; one whose answer was lost may arrive twice.
 */
export class LogShipper implements LogDestination {
  readonly #options: Required<LogShipperOptions>;
  readonly #queue: LogEvent[] = [];
  readonly #closing = new AbortController();
  readonly #deadline = new AbortController();
  #queuedBytes = 0;
  #lastMs = 0;
  #loss: LogLoss = { lines: 0, reason: undefined };
  #shipping: Promise<void> | undefined;

  constructor(options: LogShipperOptions) {
    this.#options = { ...DEFAULTS, ...options };
  }

  write(line: string): void {
    const event = { timestamp: this.#nextTime(), message: fitLine(line.trimEnd()) };
    const bytes = eventBytes(event);
    if (this.#queuedBytes + bytes > this.#options.queueBytes) {
      this.#lose(1, 'they came faster than they could be sent');
      return;
    }
    this.#queuedBytes += bytes;
    this.#queue.push(event);
    this.#shipping ??= this.#ship();
  }

  async close(graceMs: number): Promise<LogLoss> {
    this.#closing.abort();
    const timer = setTimeout(() => this.#deadline.abort(), graceMs);
    await this.#shipping;
    clearTimeout(timer);
    this.#options.sender.close();
    return this.#loss;
  }

  /** The service takes a batch only in the order of its times, and clocks are set back now and then. */
  #nextTime(): number {
    this.#lastMs = Math.max(this.#lastMs, this.#options.now());
    return this.#lastMs;
  }

  async #ship(): Promise<void> {
    await this.#pause(this.#options.gatherMs);
    while (this.#queue.length > 0) {
      const batch = this.#queue.slice(0, batchLength(this.#queue));
      await this.#deliver(batch);
      this.#queue.splice(0, batch.length);
      this.#queuedBytes -= batch.reduce((total, event) => total + eventBytes(event), 0);
    }
    this.#shipping = undefined;
  }

  async #deliver(batch: readonly LogEvent[]): Promise<void> {
    let first: unknown;
    for (let failures = 1; ; failures++) {
      const error = await this.#try(batch);
      if (error === undefined) return;
      first ??= error;
      if (this.#deadline.signal.aborted || !this.#options.sender.isPassing(error))
        return this.#lose(batch.length, errorText(first));
      await this.#pause(this.#options.backoffMs(failures));
    }
  }

  /** Gives why the batch has to be sent again, if it has. */
  async #try(batch: readonly LogEvent[]): Promise<unknown> {
    const { sender, requestMs } = this.#options;
    const deadline = this.#deadline.signal;
    const request = AbortSignal.any([deadline, AbortSignal.timeout(requestMs)]);
    try {
      if (deadline.aborted) throw new Error('there was no time left to send them');
      const refused = await Promise.race([sender.send(batch, request), whenAborted(request)]);
      if (refused > 0) this.#lose(refused, 'the service refused them');
      return undefined;
    } catch (error) {
      return error ?? new Error('unknown');
    }
  }

  /** Shorter when the log is being closed: the time left is short too. */
  async #pause(ms: number): Promise<void> {
    const { signal } = this.#closing;
    if (signal.aborted)
      await delay(Math.min(ms, 250), undefined, { signal: this.#deadline.signal }).catch(noop);
    else await delay(ms, undefined, { signal }).catch(noop);
  }

  #lose(lines: number, reason: string): void {
    this.#loss = { lines: this.#loss.lines + lines, reason: this.#loss.reason ?? reason };
  }
}

/** Rejects then, whether or not the request itself listens: resolving credentials does not. */
function whenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('there was no answer in time')), { once: true });
  });
}

function noop(): void {}
