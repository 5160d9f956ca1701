import { rm } from 'node:fs/promises';
import type { Sample } from '../harness.ts';
import { digestFolder } from './digest.ts';
import type { FarStore } from './far-store.ts';
import { measureProcess } from './measure-process.ts';

/**
 * Runs a command that writes to a new prefix of a store; the answer is the digest of what it made there, of which a copy
 * is left in the local folder.
 */
export async function runIntoStore(
  store: FarStore,
  localFolder: string,
  command: (out: string) => readonly string[],
): Promise<Sample> {
  const out = store.root();
  store.bytesDown();
  const { stdout: _, ...cost } = await measureProcess(command(out));
  const fetchedBytes = store.bytesDown();
  await rm(localFolder, { recursive: true, force: true });
  await store.download(out, localFolder);
  await store.remove(out);
  return { ...cost, fetchedBytes, answer: await digestFolder(localFolder) };
}
