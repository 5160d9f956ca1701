import type { Sample } from '../harness.ts';
import type { FarStore } from './far-store.ts';
import { runInto } from './run-into.ts';

/** Runs a command that reads from a store and writes to a local folder, which is emptied first; counts what it fetched. */
export async function runBesideStore(
  store: FarStore,
  out: string,
  command: readonly string[],
): Promise<Sample> {
  store.bytesDown();
  const sample = await runInto(out, command);
  return { ...sample, fetchedBytes: store.bytesDown() };
}
