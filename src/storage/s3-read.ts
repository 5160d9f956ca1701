import { Readable } from 'node:stream';
import {
  GetObjectCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { PitwallError } from '../error.ts';
import { forEachAhead, mapAhead } from './map-ahead.ts';
import { callS3 } from './s3-call.ts';
import type { S3 } from './s3-client.ts';
import { plainEtag } from './s3-etag.ts';
import { BadReply, codeOf, statusOf } from './s3-failure.ts';
import { getOnce, getPiece, type Piece, pieceBytes } from './s3-get.ts';
import { parseS3Url } from './s3-url.ts';
import { damaged, type Verifier, verifierOf } from './s3-verify.ts';
import type { ObjectVersion, ReadOptions, StoredObject } from './storage.ts';

/** `Storage.head`. @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html */
export async function headObject(s3: S3, url: string): Promise<StoredObject | undefined> {
  const reply = await headReply(s3, url);
  if (reply === undefined) return undefined;
  return { url, ...versionOf(reply) };
}

export async function headReply(s3: S3, url: string): Promise<HeadObjectCommandOutput | undefined> {
  const { bucket, key } = parseS3Url(url);
  const at = { Bucket: bucket, Key: key, ...payer(s3) };
  return await callS3(s3, { verb: 'read', url }, async (client) => {
    const reply = await client.send(new HeadObjectCommand(at)).catch(async (error: unknown) => {
      if (statusOf(error) === 404) return undefined;
      throw codeOf(error) === '' && isRefused(error) ? await namedError(client, at) : error;
    });
    if (reply !== undefined) versionOf(reply);
    return reply;
  });
}

function isRefused(error: unknown): boolean {
  return statusOf(error) === 400 || statusOf(error) === 403;
}

/** HEAD has no body to say why it was refused; GET has. */
async function namedError(client: S3Client, at: { Bucket: string; Key: string }): Promise<unknown> {
  try {
    const { Body: body } = await client.send(new GetObjectCommand({ ...at, Range: 'bytes=0-0' }));
    if (body instanceof Readable) body.destroy();
    return new BadReply('the server refused to tell of the object, but gives it');
  } catch (error) {
    return error;
  }
}

export function payer(s3: S3): { RequestPayer?: 'requester' } {
  return s3.options.requesterPays ? { RequestPayer: 'requester' } : {};
}

function versionOf({ ETag, ContentLength }: HeadObjectCommandOutput): ObjectVersion {
  if (ETag === undefined || ContentLength === undefined)
    throw new BadReply('the answer is not one of S3: it has no ETag or no length');
  return { etag: plainEtag(ETag), sizeBytes: ContentLength };
}

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

async function readParts(s3: S3, piece: Piece): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafeSlow(piece.end - piece.start);
  for (let tries = 0; tries < WHOLE_TRIES; tries++) if (await fill(s3, piece, bytes)) return bytes;
  throw damaged(piece.url);
}

/** Whether the bytes are those that were stored, as far as that can be told. */
async function fill(s3: S3, piece: Piece, bytes: Buffer): Promise<boolean> {
  await forEachAhead(partsOf(piece, s3.limits.partBytes), {
    ahead: s3.limits.parts,
    signal: piece.signal,
    work: (part, signal) =>
      getPiece(s3, { ...part, signal }, (chunk, position) => void chunk.copy(bytes, position - piece.start)),
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
