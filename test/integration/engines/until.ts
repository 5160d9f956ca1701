import { setTimeout as delay } from 'node:timers/promises';

/** How long a condition may take on a busy machine before the test has failed. */
const DEADLINE_MS = 200_000;
const LOOK_MS = 50;

/** Waits for a condition. @throws Error when it does not come; what the last look at it threw, where it threw */
export async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  const giveUpMs = performance.now() + DEADLINE_MS;
  let failure: unknown;
  do {
    try {
      if (await condition()) return;
      failure = new Error(`this did not come: ${what}`);
    } catch (error) {
      failure = error;
    }
    await delay(LOOK_MS);
  } while (performance.now() < giveUpMs);
  throw failure;
}
