import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pipeline } from 'node:stream/promises';

/** The SHA-256 of a file, in hex. */
export async function digestFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** Pitwall's run store beside its outputs. */
const RUN_STORE = '_pitwall';

/** The names of the files that a run has made in a folder, in byte order; its run store is none. */
export async function listOutputs(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name !== RUN_STORE).sort();
}

/** The SHA-256 of the names and bytes of the outputs in a folder. */
export async function digestFolder(folder: string): Promise<string> {
  return digestFiles(folder, (bytes) => bytes);
}

/** The same of JSON files as values: white space, escapes and the order of keys do not count. */
export async function canonicalFolder(folder: string): Promise<string> {
  return digestFiles(folder, (bytes) => JSON.stringify(sortKeys(JSON.parse(bytes.toString('utf8')))));
}

async function digestFiles(folder: string, contentOf: (bytes: Buffer) => Buffer | string): Promise<string> {
  const hash = createHash('sha256');
  for (const name of await listOutputs(folder)) {
    const content = contentOf(await readFile(join(folder, name)));
    hash.update(`${name} ${Buffer.byteLength(content)}\n`).update(content);
  }
  return hash.digest('hex');
}

/**
 * The SHA-256 of a large JSON array of objects as values, in order: one that has `[` and `]` on lines of their
 * own and one or more whole elements on each line between.
 *
 * @param revive - as for JSON.parse
 */
export async function canonicalLines(
  path: string,
  revive: (key: string, value: unknown) => unknown,
): Promise<string> {
  const hash = createHash('sha256');
  for await (const line of createInterface({ input: createReadStream(path) })) {
    const elements = line.trim().replace(/,$/, '');
    if (elements === '[' || elements === ']') continue;
    const rows: unknown[] = JSON.parse(`[${elements}]`, revive);
    for (const row of rows) hash.update(`${JSON.stringify(sortKeys(row))}\n`);
  }
  return hash.digest('hex');
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sortKeys(item)]));
}
