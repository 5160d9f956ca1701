import { type FileHandle, open } from 'node:fs/promises';
import { Socket } from 'node:net';

const CHUNK_BYTES = 1024 * 1024;

/**
 * Writes a file to the open end of a pipe and closes that. All of it goes through one buffer: with one for each chunk the
 * collector of the main thread had as much to do as the pipe.
 *
 * @throws Error when the reader goes away before
 */
export async function feedPipe(path: string, pipe: number): Promise<void> {
  const target = new Socket({ fd: pipe, readable: false, writable: true });
  const ended = new Promise<void>((resolve, reject) => {
    target.once('error', reject).once('close', () => resolve());
  });
  try {
    await Promise.race([copyAll(path, target), ended]);
    target.end();
    await ended;
  } finally {
    target.destroy();
  }
}

async function copyAll(path: string, target: Socket): Promise<void> {
  const file = await open(path);
  try {
    const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    while (await copyChunk(file, buffer, target));
  } finally {
    await file.close();
  }
}

/** False at the end of the file. */
async function copyChunk(file: FileHandle, buffer: Buffer, target: Socket): Promise<boolean> {
  const { bytesRead } = await file.read(buffer, 0, buffer.length);
  if (bytesRead === 0) return false;
  await new Promise<void>((resolve, reject) => {
    target.write(buffer.subarray(0, bytesRead), (error) => (error ? reject(error) : resolve()));
  });
  return true;
}
