import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { stat } from 'node:fs/promises';

/** The version of a file. A hard link has the etag of the file that it was made from. */
export function localEtag({ mtimeNs, size, ino }: BigIntStats): string {
  return createHash('sha256').update(`${mtimeNs}:${size}:${ino}`).digest().subarray(0, 16).toString('hex');
}

/** The etag of the file at a path, links followed; `undefined` where none lies. */
export async function etagOf(path: string): Promise<string | undefined> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  return found?.isFile() ? localEtag(found) : undefined;
}
