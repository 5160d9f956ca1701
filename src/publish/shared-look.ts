/**
 * The same look, for many that ask at once: whoever asks while one is under way shares the next with all who do, so that
 * each is answered by a look that began after it asked.
 */
export function sharedLook<T>(look: () => Promise<T>): () => Promise<T> {
  let running: Promise<unknown> = Promise.resolve();
  let next: Promise<T> | undefined;
  return () => {
    next ??= running.then(() => {
      next = undefined;
      const looking = look();
      running = looking.catch(() => undefined);
      return looking;
    });
    return next;
  };
}
