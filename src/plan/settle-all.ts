/** What several pieces of work give; all have ended before the first failure, in their order, is thrown. */
export async function settleAll<T extends readonly unknown[]>(
  works: {
    readonly [K in keyof T]: Promise<T[K]>;
  },
): Promise<T> {
  await Promise.allSettled(works);
  return (await Promise.all(works)) as T;
}
