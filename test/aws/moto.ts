import { afterAll, beforeAll } from 'vitest';
import { findMoto, type Moto, STARTING_MS, startMoto } from './moto-server.ts';

export type { Moto };

/** Says why a suite is left out; in CI it is not. */
export const WITHOUT_MOTO =
  findMoto() === undefined && process.env.CI !== 'true'
    ? 'moto_server is not installed: npm run test:tools, or PITWALL_TEST_MOTO=<path>'
    : undefined;

/** Starts a server of AWS's APIs for the tests of a file, and ends it with them. */
export function useMoto(): () => Moto {
  let moto: Awaited<ReturnType<typeof startMoto>> | undefined;
  beforeAll(async () => {
    moto = await startMoto();
  }, STARTING_MS);
  afterAll(() => moto?.stop());
  return () => {
    if (moto === undefined) throw new Error('moto has not been started');
    return moto;
  };
}
