import { localError } from './local-error.ts';
import { openToWrite, writeFully } from './open-to-write.ts';
import type { DownloadOptions } from './storage.ts';

/** `Storage.download`, given the chunks to write. */
export async function writeChunks(
  chunks: AsyncIterable<Uint8Array>,
  localPath: string,
  { at = 0 }: DownloadOptions = {},
): Promise<number> {
  const file = await openToWrite(localPath);
  let position = at;
  try {
    for await (const chunk of chunks) {
      await writeFully(file, chunk, position);
      position += chunk.length;
    }
  } catch (error) {
    throw localError(error, 'write', localPath);
  } finally {
    await file.close();
  }
  return position - at;
}
