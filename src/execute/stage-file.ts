import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { writeAll } from './write-all.ts';

export interface StagedBytes {
  readonly bytes: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

export interface StageFileOptions {
  /** Whether the file is only read, to be uploaded, so that it need not outlast the machine. */
  readonly isUploaded?: boolean | undefined;
}

/** Writes the chunks to a new file and waits until they are on the disk. */
export async function stageFile(
  path: string,
  chunks: Iterable<Uint8Array>,
  { isUploaded = false }: StageFileOptions = {},
): Promise<StagedBytes> {
  const file = await open(path, 'wx');
  try {
    const staged = await writeChunks(file, chunks);
    if (!isUploaded) await file.datasync();
    return staged;
  } finally {
    await file.close();
  }
}

async function writeChunks(file: FileHandle, chunks: Iterable<Uint8Array>): Promise<StagedBytes> {
  const hash = createHash('sha256');
  let bytes = 0;
  for (const group of groupsOf(chunks)) {
    for (const chunk of group) {
      hash.update(chunk);
      bytes += chunk.length;
    }
    await writeAll(file, group);
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** Bytes and buffers that are written by one call, which wakes a thread. */
const GROUP_BYTES = 4 * 1024 * 1024;
const GROUP_CHUNKS = 512;

function* groupsOf(chunks: Iterable<Uint8Array>): Generator<Uint8Array[]> {
  let group: Uint8Array[] = [];
  let bytes = 0;
  for (const chunk of chunks) {
    group.push(chunk);
    bytes += chunk.length;
    if (bytes < GROUP_BYTES && group.length < GROUP_CHUNKS) continue;
    yield group;
    group = [];
    bytes = 0;
  }
  if (group.length > 0) yield group;
}

/** Hashes a file that something else wrote, and waits until it is on the disk. */
export async function sealFile(
  path: string,
  { isUploaded = false }: StageFileOptions = {},
): Promise<StagedBytes> {
  const file = await open(path, 'r+');
  try {
    if (!isUploaded) await file.datasync();
    return await hashFile(file);
  } finally {
    await file.close();
  }
}

const READ_BYTES = 1024 * 1024;

async function hashFile(file: FileHandle): Promise<StagedBytes> {
  const hash = createHash('sha256');
  const buffer = new Uint8Array(READ_BYTES);
  let bytes = 0;
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, READ_BYTES, bytes);
    if (bytesRead === 0) return { bytes, sha256: hash.digest('hex') };
    hash.update(buffer.subarray(0, bytesRead));
    bytes += bytesRead;
  }
}
