import type { Storage } from '../storage/storage.ts';

const DIGITS = 12;

/** The url of an entry of a log whose entries are created once each, in the order of their numbers. */
export function numberedUrl(folder: string, number: number): string {
  return `${folder}/${String(number).padStart(DIGITS, '0')}.json`;
}

export interface NumberedEntry {
  readonly number: number;
  readonly url: string;
  /** Tells an entry from another that was created under its number after it was deleted. */
  readonly etag: string;
}

/** The entries that lie in a log, the lowest number first. */
export async function listNumbered(storage: Storage, folder: string): Promise<NumberedEntry[]> {
  const entries: NumberedEntry[] = [];
  for await (const { url, etag } of storage.listFolder(folder)) {
    const digits = /\/(\d{12})\.json$/.exec(url)?.[1];
    if (digits !== undefined) entries.push({ number: Number(digits), url, etag });
  }
  return entries.sort((a, b) => a.number - b.number);
}

export async function lastNumbered(storage: Storage, folder: string): Promise<NumberedEntry | undefined> {
  return (await listNumbered(storage, folder)).at(-1);
}

/** The fewest entries that stay, so that one with at most one other above it was never deleted. */
const MIN_KEPT = 3;

/** Deletes all entries but the newest `keep`, the oldest first: who reads a log rests on this order. */
export async function pruneNumbered(storage: Storage, folder: string, keep: number): Promise<void> {
  await pruneEntries(storage, await listNumbered(storage, folder), keep);
}

/** The same, of entries that were just listed. */
export async function pruneEntries(
  storage: Storage,
  entries: readonly NumberedEntry[],
  keep: number,
): Promise<void> {
  for (const { url } of entries.slice(0, -Math.max(MIN_KEPT, keep))) await storage.delete(url);
}
