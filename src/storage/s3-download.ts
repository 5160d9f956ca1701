import type { FileHandle } from 'node:fs/promises';
import { forEachAhead } from './map-ahead.ts';
import { openToWrite, writeFully } from './open-to-write.ts';
import type { S3 } from './s3-client.ts';
import { getPiece, type Piece } from './s3-get.ts';
import { partsOf, pieceOf, versionToRead } from './s3-read.ts';
import type { DownloadOptions } from './storage.ts';

/** `Storage.download`: the parts of the range side by side, each written to where it belongs as it comes. */
export async function downloadObject(
  s3: S3,
  url: string,
  localPath: string,
  options: DownloadOptions = {},
): Promise<number> {
  const piece = pieceOf(url, await versionToRead(s3, url, options), options);
  const file = await openToWrite(localPath);
  try {
    await forEachAhead(partsOf(piece, s3.limits.partBytes), {
      ahead: s3.limits.parts,
      signal: options.signal,
      work: (part, signal) => writePart(s3, { ...part, signal }, file, (options.at ?? 0) - piece.start),
    });
  } finally {
    await file.close();
  }
  return piece.end - piece.start;
}

/** How much is collected before it is written. */
const WRITE_BYTES = 1024 * 1024;

async function writePart(s3: S3, part: Piece, file: FileHandle, shift: number): Promise<void> {
  let chunks: Buffer[] = [];
  let [position, bytes] = [part.start, 0];
  const flush = async () => {
    await writeFully(file, Buffer.concat(chunks), position + shift);
    position += bytes;
    [chunks, bytes] = [[], 0];
  };
  await getPiece(s3, part, async (chunk) => {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= WRITE_BYTES) await flush();
  });
  await flush();
}
