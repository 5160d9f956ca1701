import type { Storage } from '../storage/storage.ts';

const DIGITS = 12;

/** The url of an entry of a log whose entries are created once each, in the order of their numbers. */
export function numberedUrl(folder: string, number: number): string {
  return `${folder}/${String(number).padStart(DIGITS, '0')}.json`;
}

/** The numbers of the entries that lie in a log, the lowest first. */
export async function listNumbered(storage: Storage, folder: string): Promise<number[]> {
  const numbers: number[] = [];
  for await (const { url } of storage.listFolder(folder)) {
    const digits = /\/(\d{12})\.json$/.exec(url)?.[1];
    if (digits !== undefined) numbers.push(Number(digits));
  }
  return numbers.sort((a, b) => a - b);
}

export async function highestNumber(storage: Storage, folder: string): Promise<number | undefined> {
  return (await listNumbered(storage, folder)).at(-1);
}

/** The fewest entries that stay, so that one with at most one other above it was never deleted. */
const MIN_KEPT = 3;

/** Deletes all entries but the newest `keep`, the oldest first: who reads a log rests on this order. */
export async function pruneNumbered(storage: Storage, folder: string, keep: number): Promise<void> {
  const old = (await listNumbered(storage, folder)).slice(0, -Math.max(MIN_KEPT, keep));
  for (const number of old) await storage.delete(numberedUrl(folder, number));
}
