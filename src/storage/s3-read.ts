import { PitwallError } from '../error.ts';
import { forEachAhead, mapAhead } from './map-ahead.ts';
import type { S3 } from './s3-client.ts';
import { getOnce, getPiece, type Piece, pieceBytes } from './s3-get.ts';
import { headObject } from './s3-head.ts';
import { damaged, type Verifier, verifierOf } from './s3-verify.ts';
import type { ObjectVersion, ReadIntoOptions, ReadOptions } from './storage.ts';
import { tooShort } from './too-short.ts';

/** The version to read: the one that was planned, or the one that lies there. */
export async function versionToRead(s3: S3, url: string, { version }: ReadOptions): Promise<ObjectVersion> {
  const found = version ?? (await headObject(s3, url));
  if (found === undefined) throw missing(url);
  return found;
}

function missing(url: string): PitwallError {
  return new PitwallError('data', `cannot read ${url}: there is no such object; check the url`);
}

/** `Storage.read`. */
export async function readObject(s3: S3, url: string, options: ReadOptions = {}): Promise<Uint8Array> {
  const { start, end, version, signal } = options;
  const isEmpty = end !== undefined && end <= (start ?? 0);
  const isBehind = version !== undefined && (start ?? 0) >= version.sizeBytes && start !== undefined;
  if (isEmpty || isBehind) return new Uint8Array();
  const isRange = (start ?? 0) > 0 || end !== undefined;
  const range = isRange ? { start: start ?? 0, end: clipped(end, version) } : {};
  const reply = await getOnce(s3, url, { ...range, version, signal }, 2 * s3.limits.partBytes);
  if (reply.kind === 'read') return reply.bytes;
  if (reply.kind === 'unsized')
    return await readObject(s3, url, { ...options, version: await versionToRead(s3, url, options) });
  return await readParts(s3, pieceOf(url, reply.version, options));
}

function clipped(end: number | undefined, version: ObjectVersion | undefined): number | undefined {
  return end === undefined || version === undefined ? end : Math.min(end, version.sizeBytes);
}

/** What is to be read of a version, within its bounds. */
export function pieceOf(url: string, version: ObjectVersion, { start, end, signal }: ReadOptions): Piece {
  const last = Math.min(end ?? version.sizeBytes, version.sizeBytes);
  return { url, version, start: Math.min(start ?? 0, last), end: last, signal };
}

/** A piece in parts of about `partBytes`. */
export function partsOf(piece: Piece, partBytes: number): Piece[] {
  const count = Math.ceil((piece.end - piece.start) / partBytes);
  return Array.from({ length: count }, (_, index) => {
    const start = piece.start + index * partBytes;
    return { ...piece, start, end: Math.min(start + partBytes, piece.end) };
  });
}

/** How often a whole object is read whose bytes do not match its ETag. */
export const WHOLE_TRIES = 3;

/** `Storage.readInto`. */
export async function readObjectInto(
  s3: S3,
  url: string,
  into: Uint8Array,
  { start, version: planned, signal }: ReadIntoOptions,
): Promise<void> {
  const version = await versionToRead(s3, url, { version: planned });
  const piece = pieceOf(url, version, { start, end: start + into.length, signal });
  if (piece.end - piece.start < into.length) throw tooShort(url, start + into.length);
  await fillWhole(s3, piece, into);
}

async function readParts(s3: S3, piece: Piece): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafeSlow(piece.end - piece.start);
  await fillWhole(s3, piece, bytes);
  return bytes;
}

async function fillWhole(s3: S3, piece: Piece, bytes: Uint8Array): Promise<void> {
  for (let tries = 0; tries < WHOLE_TRIES; tries++) if (await fill(s3, piece, bytes)) return;
  throw damaged(piece.url);
}

/** Whether the bytes are those that were stored, as far as that can be told. */
async function fill(s3: S3, piece: Piece, bytes: Uint8Array): Promise<boolean> {
  await forEachAhead(partsOf(piece, s3.limits.partBytes), {
    ahead: s3.limits.parts,
    signal: piece.signal,
    work: (part, signal) =>
      getPiece(s3, { ...part, signal }, (chunk, position) => bytes.set(chunk, position - piece.start)),
  });
  const verifier = await wholeVerifier(s3, piece);
  verifier?.update(bytes);
  return (await verifier?.matches()) ?? true;
}

/** A verifier for a piece that is the whole object. */
export async function wholeVerifier(
  s3: S3,
  { url, version, start, end }: Piece,
): Promise<Verifier | undefined> {
  return start === 0 && end === version.sizeBytes ? await verifierOf(s3, url, version) : undefined;
}

/** How many parts a stream holds in memory at most. */
const STREAM_PARTS = 8;

/** `Storage.readStream`. */
export async function* readObjectStream(
  s3: S3,
  url: string,
  options: ReadOptions = {},
): AsyncGenerator<Uint8Array> {
  const version = await versionToRead(s3, url, options);
  const piece = pieceOf(url, version, options);
  const isWhole = piece.start === 0 && piece.end === version.sizeBytes;
  if (isWhole && piece.end <= s3.limits.partBytes) {
    yield await readObject(s3, url, { version, signal: options.signal });
    return;
  }
  const verifier = await wholeVerifier(s3, piece);
  const chunks = mapAhead(partsOf(piece, s3.limits.partBytes), {
    ahead: Math.min(STREAM_PARTS, s3.limits.parts),
    signal: options.signal,
    work: (part, signal) => pieceBytes(s3, { ...part, signal }),
  });
  for await (const chunk of chunks) {
    verifier?.update(chunk);
    yield chunk;
  }
  if ((await verifier?.matches()) === false) throw damaged(url);
}
