import type { FileHandle } from 'node:fs/promises';
import { localError } from './local-error.ts';
import { mapAhead } from './map-ahead.ts';
import { openToWrite, writeChunks } from './open-to-write.ts';
import type { S3 } from './s3-client.ts';
import { getPiece, type Piece } from './s3-get.ts';
import { partsOf, pieceOf, versionToRead, WHOLE_TRIES, wholeVerifier } from './s3-read.ts';
import { damaged, type Verifier } from './s3-verify.ts';
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
    for (let tries = 0; tries < WHOLE_TRIES; tries++)
      if (await fetchInto(s3, piece, { file, shift: (options.at ?? 0) - piece.start }))
        return piece.end - piece.start;
  } catch (error) {
    throw localError(error, 'write', localPath);
  } finally {
    await file.close();
  }
  throw damaged(url);
}

/** Where the bytes go: `shift` bytes behind their place in the object. */
interface Target {
  readonly file: FileHandle;
  readonly shift: number;
}

/** Whether the file holds what was stored, as far as that can be told. */
async function fetchInto(s3: S3, piece: Piece, target: Target): Promise<boolean> {
  const verifier = await wholeVerifier(s3, piece);
  const parts = mapAhead(partsOf(piece, s3.limits.partBytes), {
    ahead: s3.limits.parts,
    signal: piece.signal,
    work: (part, signal) => writePart(s3, { ...part, signal }, target),
  });
  for await (const part of parts) if (verifier !== undefined) await readBack(part, target, verifier);
  return (await verifier?.matches()) ?? true;
}

/** Parts come in any order, hashes need theirs; the pages are still in memory. */
async function readBack({ start, end }: Piece, { file, shift }: Target, verifier: Verifier): Promise<void> {
  const bytes = Buffer.allocUnsafeSlow(Math.min(WRITE_BYTES, end - start));
  for (let position = start; position < end; ) {
    const wanted = Math.min(bytes.length, end - position);
    const { bytesRead } = await file.read(bytes, 0, wanted, position + shift);
    if (bytesRead === 0) return;
    verifier.update(bytes.subarray(0, bytesRead));
    position += bytesRead;
  }
}

/** How much is collected before it is written. */
const WRITE_BYTES = 1024 * 1024;

async function writePart(s3: S3, part: Piece, { file, shift }: Target): Promise<Piece> {
  let chunks: Buffer[] = [];
  let [position, bytes] = [part.start, 0];
  const flush = async () => {
    await writeChunks(file, chunks, position + shift);
    position += bytes;
    [chunks, bytes] = [[], 0];
  };
  await getPiece(s3, part, async (chunk) => {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= WRITE_BYTES) await flush();
  });
  await flush();
  return part;
}
