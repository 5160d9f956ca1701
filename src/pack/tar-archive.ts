import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';

/** A file of an archive. */
export interface TarFile {
  /** Its place in the archive, with `/` between folders. */
  readonly path: string;
  readonly isExecutable: boolean;
  readonly content: Uint8Array | { readonly file: string };
}

const BLOCK = 512;
const NAME_BYTES = 100;

/**
 * A tar archive of these files, in the order of their paths: without times, owners and whatever else differs from one
 * machine to the next, so that the same files give the same bytes.
 *
 * @see https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html
 */
export async function* tarArchive(files: readonly TarFile[]): AsyncGenerator<Uint8Array> {
  const ordered = files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  for (const { path, isExecutable, content } of ordered) {
    const sizeBytes = content instanceof Uint8Array ? content.length : (await stat(content.file)).size;
    yield* longPath(path);
    yield header({ path, mode: isExecutable ? 0o755 : 0o644, sizeBytes, type: '0' });
    if (content instanceof Uint8Array) yield content;
    else yield* createReadStream(content.file);
    yield padding(sizeBytes);
  }
  yield new Uint8Array(2 * BLOCK);
}

/** A path that the header has no room for stands in a record before it. */
function* longPath(path: string): Generator<Uint8Array> {
  if (Buffer.byteLength(path) <= NAME_BYTES) return;
  const record = paxRecord('path', path);
  yield header({ path: 'pax', mode: 0o644, sizeBytes: record.length, type: 'x' });
  yield record;
  yield padding(record.length);
}

/** `<length> <key>=<value>\n`, where the length counts its own digits. */
function paxRecord(key: string, value: string): Uint8Array {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + String(rest).length;
  length = rest + String(length).length;
  return Buffer.from(`${length} ${key}=${value}\n`);
}

interface Entry {
  readonly path: string;
  readonly mode: number;
  readonly sizeBytes: number;
  readonly type: '0' | 'x';
}

function header({ path, mode, sizeBytes, type }: Entry): Uint8Array {
  const block = Buffer.alloc(BLOCK);
  Buffer.from(path).copy(block, 0, 0, NAME_BYTES);
  block.write(octal(mode, 8), 100);
  block.write(octal(0, 8), 108);
  block.write(octal(0, 8), 116);
  block.write(octal(sizeBytes, 12), 124);
  block.write(octal(0, 12), 136);
  block.write(' '.repeat(8), 148);
  block.write(type, 156);
  block.write('ustar\u000000', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

function octal(number: number, width: number): string {
  return `${number.toString(8).padStart(width - 1, '0')}\0`;
}

function padding(sizeBytes: number): Uint8Array {
  return new Uint8Array((BLOCK - (sizeBytes % BLOCK)) % BLOCK);
}
