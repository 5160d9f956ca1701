/** Runs work while one of so many slots is free, in the order in which it came. */
export interface Gate {
  run<T>(work: () => Promise<T>): Promise<T>;
}

/** A gate that lets `slots` pieces of work run together. */
export function createGate(slots: number): Gate {
  const waiting: (() => void)[] = [];
  let free = slots;

  async function enter(): Promise<void> {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
  }

  function leave(): void {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  }

  return {
    async run(work) {
      await enter();
      try {
        return await work();
      } finally {
        leave();
      }
    },
  };
}
