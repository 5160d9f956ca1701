import type { FileHandle } from 'node:fs/promises';

/** Writes chunks one behind another by as few calls as the system lets. */
export async function writeAll(
  file: Pick<FileHandle, 'writev'>,
  chunks: readonly Uint8Array[],
): Promise<void> {
  for (let left = chunks; left.length > 0; ) {
    const { bytesWritten } = await file.writev([...left]);
    left = behind(left, bytesWritten);
  }
}

/** What of the chunks lies behind so many bytes. */
function behind(chunks: readonly Uint8Array[], bytes: number): readonly Uint8Array[] {
  let skipped = bytes;
  for (const [index, chunk] of chunks.entries()) {
    if (skipped < chunk.length) return [chunk.subarray(skipped), ...chunks.slice(index + 1)];
    skipped -= chunk.length;
  }
  return [];
}
