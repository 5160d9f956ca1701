import { PitwallError } from '../error.ts';
import type { Storage } from './storage.ts';

/** How often an object may come between a read and a look, and go again. */
const MAX_TRIES = 3;

/** `exists`: something else lies there, or `undefined` when it was taken away since. */
export type CreateOutcome =
  | { readonly kind: 'created' }
  | { readonly kind: 'exists'; readonly bytes: Uint8Array | undefined };

/**
 * Creates an object where nothing lies: the one step on which every commit rests. A write of our own whose reply was
 * lost is known by its bytes, which therefore no other writer may give.
 *
 * @throws PitwallError (`temporary`) when it cannot be told whether the object was written: then delete nothing
 */
export async function createOnce(storage: Storage, url: string, bytes: Uint8Array): Promise<CreateOutcome> {
  try {
    const { kind } = await storage.writeAtomic(url, bytes, { kind: 'absent' });
    return kind === 'written' ? { kind: 'created' } : judge(await readIfThere(storage, url), bytes);
  } catch (error) {
    return await lookAgain(storage, url, bytes, error);
  }
}

function judge(found: Uint8Array | undefined, own: Uint8Array): CreateOutcome {
  const isOwn = found !== undefined && Buffer.compare(found, own) === 0;
  return isOwn ? { kind: 'created' } : { kind: 'exists', bytes: found };
}

async function lookAgain(
  storage: Storage,
  url: string,
  bytes: Uint8Array,
  error: unknown,
): Promise<CreateOutcome> {
  const found = await readIfThere(storage, url).catch(() => undefined);
  if (found !== undefined) return judge(found, bytes);
  if (error instanceof PitwallError && error.kind !== 'temporary') throw error;
  const reason = error instanceof PitwallError ? ` (${error.message})` : '';
  const message = `cannot tell whether ${url} was written${reason}; run it again later`;
  throw new PitwallError('temporary', message, { cause: error });
}

/** The object's bytes, or `undefined` where there is none. */
export async function readIfThere(
  storage: Storage,
  url: string,
  triesLeft = MAX_TRIES,
): Promise<Uint8Array | undefined> {
  try {
    return await storage.read(url);
  } catch (error) {
    if ((await storage.head(url)) === undefined) return undefined;
    if (triesLeft === 0) throw error;
    return await readIfThere(storage, url, triesLeft - 1);
  }
}
