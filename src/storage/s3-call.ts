import { setMaxListeners } from 'node:events';
import type { S3Client } from '@aws-sdk/client-s3';
import { type ErrorKind, PitwallError } from '../error.ts';
import { growingWaitMs, sleep } from './growing-wait.ts';
import type { S3 } from './s3-client.ts';
import { describeFailure, type S3Failure, statusOf } from './s3-failure.ts';

/** What is being done, for messages and for the kind of error. */
export interface S3Action {
  readonly verb: 'read' | 'list' | 'write' | 'copy' | 'delete';
  readonly url: string;
  readonly signal?: AbortSignal | undefined;
}

/** What a try knows of those before it. */
export interface Tries {
  readonly signal: AbortSignal | undefined;
  /** Whether the server may have done what an earlier try asked for, although no reply came. */
  readonly mayBeDone: boolean;
  /** Says that bytes came: the budget begins anew. */
  progress(): void;
}

/** How often credentials are asked for anew, or the clock is set right, before it is given up. */
const FEW_TRIES = 4;
/** How long a server that never answered is tried. */
const FIRST_BUDGET_MS = 20_000;
/** However much progress there is between them. */
const MAX_TRIES = 1000;

/**
 * Sends a request, again with growing, jittered waits while it fails in a way that may pass. It is given up after
 * `retryBudgetMs` without progress.
 *
 * @throws PitwallError `temporary` when it was given up, else by whose fault it is
 */
export async function callS3<T>(
  s3: S3,
  action: S3Action,
  request: (client: S3Client, tries: Tries) => Promise<T>,
): Promise<T> {
  const state = newState(s3, action);
  // As many requests may listen as there are, which is no leak.
  if (action.signal !== undefined) setMaxListeners(0, action.signal);
  for (;;) {
    const client = await s3.client();
    try {
      const result = await s3.gate.run(() => request(client, state));
      s3.answers = 'some';
      return result;
    } catch (error) {
      action.signal?.throwIfAborted();
      if (statusOf(error) !== undefined) s3.answers = 'some';
      const failure = describeFailure(error);
      if (failure === undefined || error instanceof PitwallError) throw error;
      if (failure.retry === 'renew') s3.forget(client);
      await state.waitAfter(failure, error);
    }
  }
}

interface CallState extends Tries {
  waitAfter(failure: S3Failure, error: unknown): Promise<void>;
}

function newState(s3: S3, action: S3Action): CallState {
  const { retryBaseMs, retryCapMs } = s3.limits;
  let [tries, inRow, few, mayBeDone] = [0, 0, 0, false];
  let since = performance.now();
  const isSpent = (failure: S3Failure) => {
    if (failure.retry === 'final' || tries >= MAX_TRIES) return true;
    if (failure.retry !== 'again') return ++few >= FEW_TRIES;
    return performance.now() - since > budgetMs(s3);
  };
  return {
    signal: action.signal,
    get mayBeDone() {
      return mayBeDone;
    },
    progress() {
      since = performance.now();
      inRow = 0;
    },
    async waitAfter(failure, error) {
      tries += 1;
      inRow += 1;
      if (isSpent(failure)) {
        if (failure.retry === 'again' && s3.answers === 'none yet') s3.answers = 'given up';
        throw failed(action, failure, { tries, error });
      }
      mayBeDone ||= failure.retry === 'again';
      const waitMs = growingWaitMs(inRow, { firstMs: retryBaseMs, mostMs: retryCapMs });
      await sleep(waitMs, action.signal);
    },
  };
}

function budgetMs({ answers, limits }: S3): number {
  if (answers === 'given up') return 0;
  return answers === 'some' ? limits.retryBudgetMs : Math.min(FIRST_BUDGET_MS, limits.retryBudgetMs);
}

function failed(
  { verb, url }: S3Action,
  { retry, cause, advice, kind }: S3Failure,
  { tries, error }: { readonly tries: number; readonly error: unknown },
): PitwallError {
  const often = tries > 1 ? `, ${tries} times` : '';
  const message = `cannot ${verb} ${url}: ${cause}${often}; ${advice}`;
  const isTemporary = retry !== 'final' && kind === undefined;
  return new PitwallError(isTemporary ? 'temporary' : (kind ?? kindOf(verb)), message, {
    cause: plainCause(error),
  });
}

function kindOf(verb: S3Action['verb']): ErrorKind {
  return verb === 'read' || verb === 'list' ? 'data' : 'output';
}

/** What the SDK hangs on an error holds requests with their signatures and tokens, so that only its text is kept. */
function plainCause(error: unknown): Error | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  return Object.assign(new Error(error.name), code);
}
