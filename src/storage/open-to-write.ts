import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { localError } from './local-error.ts';

/** Opens a file to write parts of it: neither cuts what is there nor fails where nothing is. */
export async function openToWrite(path: string): Promise<FileHandle> {
  return await open(path, constants.O_RDWR | constants.O_CREAT, 0o666).catch((error: unknown) => {
    throw localError(error, 'write', path);
  });
}

/** Writes chunks one behind the other to a position of a file, without joining them first. */
export async function writeChunks(
  file: FileHandle,
  chunks: readonly Uint8Array[],
  position: number,
): Promise<void> {
  const bytes = chunks.reduce((sum, { length }) => sum + length, 0);
  if (bytes === 0) return;
  const { bytesWritten } = await file.writev(chunks, position);
  if (bytesWritten < bytes)
    await writeFully(file, Buffer.concat(chunks).subarray(bytesWritten), position + bytesWritten);
}

/** Writes all bytes to a position of a file. */
export async function writeFully(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}
