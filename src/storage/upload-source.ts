import { open } from 'node:fs/promises';
import { PitwallError } from '../error.ts';
import { localError } from './local-error.ts';

/** Bytes that can be read again, by range, for as often as they have to be sent. */
export interface UploadSource {
  readonly sizeBytes: number;
  read(start: number, end: number): Promise<Uint8Array>;
}

export function bytesSource(bytes: Uint8Array): UploadSource {
  return { sizeBytes: bytes.length, read: async (start, end) => bytes.subarray(start, end) };
}

/** Gives `use` a file of this machine as a source, and closes it afterwards. */
export async function withFileSource<T>(path: string, use: (source: UploadSource) => Promise<T>): Promise<T> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw localError(error, 'read', path);
  });
  try {
    const { size } = await file.stat();
    return await use({
      sizeBytes: size,
      async read(start, end) {
        const bytes = Buffer.allocUnsafeSlow(end - start);
        for (let done = 0; done < bytes.length; ) {
          const { bytesRead } = await file.read(bytes, done, bytes.length - done, start + done);
          if (bytesRead === 0) throw cut(path, size);
          done += bytesRead;
        }
        return bytes;
      },
    });
  } finally {
    await file.close();
  }
}

function cut(path: string, sizeBytes: number): PitwallError {
  return new PitwallError('data', `${path} had ${sizeBytes} bytes and became shorter while it was sent`);
}
