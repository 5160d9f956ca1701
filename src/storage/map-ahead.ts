import { setMaxListeners } from 'node:events';

export interface MapAheadOptions<T, R> {
  /** How many pieces of work are under way together. */
  readonly ahead: number;
  readonly signal?: AbortSignal | undefined;
  /** Its signal says that the result is not wanted any more. */
  readonly work: (item: T, signal: AbortSignal) => Promise<R>;
}

/**
 * The results of `work` on each item, in the order of the items. When one fails or the reader stops, those under way are
 * called off and waited for before this ends.
 */
export async function* mapAhead<T, R>(
  items: Iterable<T>,
  { ahead, signal, work }: MapAheadOptions<T, R>,
): AsyncGenerator<R> {
  const stop = new AbortController();
  const either = signal === undefined ? stop.signal : AbortSignal.any([stop.signal, signal]);
  // Each piece of work listens to it, which is no leak.
  setMaxListeners(0, either);
  const running: Promise<R>[] = [];
  const source = items[Symbol.iterator]();
  const start = () => {
    const next = source.next();
    if (!next.done) running.push(marked(work(next.value, either)));
  };
  try {
    for (let n = 0; n < ahead; n++) start();
    for (let result = running.shift(); result !== undefined; result = running.shift()) {
      const value = await result;
      start();
      yield value;
    }
  } finally {
    stop.abort();
    await Promise.allSettled(running);
  }
}

/** A result is awaited in its turn; until then its failure is not an unhandled one. */
function marked<R>(result: Promise<R>): Promise<R> {
  result.catch(() => undefined);
  return result;
}

/** Does `work` on all items, up to `ahead` together, for what it does alone. */
export async function forEachAhead<T>(items: Iterable<T>, options: MapAheadOptions<T, void>): Promise<void> {
  const done = mapAhead(items, options);
  while (!(await done.next()).done);
}
