import { randomUUID } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isRemote } from '../storage/is-remote.ts';
import type { Storage, StoredObject } from '../storage/storage.ts';

/** Most footers are shorter, and most small files too: then one read is all. */
const LEAST_TAIL_BYTES = 64 * 1024;
const MOST_TAIL_BYTES = 1024 * 1024;
/** A footer grows with its file: that of 163 row groups of 5 columns of numbers, in 143 MB, has a 1,700th of it. */
const FILE_BYTES_PER_TAIL_BYTE = 1024;
/** The footer's length and the magic bytes behind it. https://parquet.apache.org/docs/file-format/ */
const TRAILER_BYTES = 8;

/**
 * Gives `use` a local file in which DuckDB finds a Parquet file's footer: the file itself, or of an object a sparse file
 * of its size with nothing but its end in it, which is removed afterwards.
 *
 * @param scratch - an existing local folder; needed for objects alone
 * @throws PitwallError (`data`) when another version of the object lies there by now
 */
export async function withFooter<T>(
  storage: Storage,
  object: StoredObject,
  scratch: string | undefined,
  use: (path: string) => Promise<T>,
): Promise<T> {
  if (!isRemote(object.url)) return use(object.url);
  if (scratch === undefined) throw new Error(`no scratch for the footer of ${object.url}`);
  const path = join(scratch, `${randomUUID()}.footer`);
  try {
    await writeFooter(storage, object, path);
    return await use(path);
  } finally {
    await rm(path, { force: true });
  }
}

/** How much of a file's end is read at once, so that its whole footer is likely in it. */
export function tailBytes(sizeBytes: number): number {
  const likely = Math.ceil(sizeBytes / FILE_BYTES_PER_TAIL_BYTE);
  return Math.min(sizeBytes, MOST_TAIL_BYTES, Math.max(LEAST_TAIL_BYTES, likely));
}

async function writeFooter(storage: Storage, object: StoredObject, path: string): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.truncate(object.sizeBytes);
    const start = object.sizeBytes - tailBytes(object.sizeBytes);
    const tail = await copyRange(storage, object, file, start, object.sizeBytes);
    const missing = footerBytes(tail) - tail.length;
    if (missing > 0) await copyRange(storage, object, file, start - missing, start);
  } finally {
    await file.close();
  }
}

/** How long the footer is with its trailer, as it says itself; DuckDB judges one that is none. */
function footerBytes(tail: Buffer): number {
  if (tail.length < TRAILER_BYTES) return 0;
  return tail.readUInt32LE(tail.length - TRAILER_BYTES) + TRAILER_BYTES;
}

async function copyRange(
  storage: Storage,
  version: StoredObject,
  file: FileHandle,
  from: number,
  end: number,
): Promise<Buffer> {
  const start = Math.max(0, from);
  const bytes = Buffer.from(await storage.read(version.url, { start, end, version }));
  await file.write(bytes, 0, bytes.length, start);
  return bytes;
}
