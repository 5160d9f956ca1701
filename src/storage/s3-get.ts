import { createHash } from 'node:crypto';
import { GetObjectCommand, type GetObjectCommandOutput, type S3Client } from '@aws-sdk/client-s3';
import { changedVersion } from './changed-version.ts';
import { bodyChunks } from './s3-body.ts';
import { callS3, type Tries } from './s3-call.ts';
import type { S3 } from './s3-client.ts';
import { isMd5Etag, plainEtag, quotedEtag } from './s3-etag.ts';
import { BadReply, codeOf, DAMAGED_ADVICE, DamagedReply, statusOf } from './s3-failure.ts';
import { parseS3Url } from './s3-url.ts';
import type { ObjectVersion } from './storage.ts';

/** Bytes from `start` up to, not including, `end` of one version of an object. */
export interface Piece {
  readonly url: string;
  readonly version: ObjectVersion;
  readonly start: number;
  readonly end: number;
  readonly signal?: AbortSignal | undefined;
}

/** Takes bytes that belong at `position` of the object. What it was given is not given again. */
export type PieceSink = (chunk: Buffer, position: number) => Promise<void> | void;

/**
 * Gives each byte of a piece to the sink, once and in order. A body that breaks off is asked for again from the last
 * good byte.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 * @throws PitwallError `data` when another version lies there by now
 */
export async function getPiece(s3: S3, piece: Piece, sink: PieceSink): Promise<void> {
  let position = piece.start;
  if (position >= piece.end) return;
  await callS3(s3, readAction(piece), async (client, tries) => {
    const reply = await sendGet({ s3, client, tries }, piece.url, { ...piece, start: position });
    checkRange(reply, { ...piece, start: position });
    for await (const chunk of bodyChunks(reply.Body, s3.limits.idleTimeoutMs)) {
      if (position + chunk.length > piece.end) throw new BadReply('the answer is longer than was asked for');
      await sink(chunk, position);
      position += chunk.length;
      tries.progress();
    }
    if (position < piece.end) throw new BadReply('the answer is shorter than was asked for');
  });
}

/** A piece's bytes. */
export async function pieceBytes(s3: S3, piece: Piece): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(piece.end - piece.start);
  await getPiece(s3, piece, (chunk, position) => void chunk.copy(bytes, position - piece.start));
  return bytes;
}

/** What is asked for by one request; the version is that which lies there where none is given. */
export interface OneGet {
  readonly start?: number | undefined;
  readonly end?: number | undefined;
  readonly version?: ObjectVersion | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** `large`: the body is more than `mostBytes`; `unsized`: the server does not say how long it is. Neither was read. */
export type OneReply =
  | { readonly kind: 'read'; readonly bytes: Buffer }
  | { readonly kind: 'large'; readonly version: ObjectVersion }
  | { readonly kind: 'unsized' };

/**
 * Reads an object, or a range of one, by one request, and checks what comes against its length, its checksums and an
 * ETag that is an MD5.
 */
export async function getOnce(s3: S3, url: string, want: OneGet, mostBytes: number): Promise<OneReply> {
  return await callS3(s3, { verb: 'read', url, signal: want.signal }, async (client, tries) => {
    const reply = await sendGet({ s3, client, tries }, url, want).catch(undefinedBehindEnd);
    if (reply === undefined) return { kind: 'read', bytes: Buffer.alloc(0) };
    const chunks = bodyChunks(reply.Body, s3.limits.idleTimeoutMs);
    if (isUnsized(reply, want)) return await closed(chunks, { kind: 'unsized' });
    const { version, bytes: expected } = checkWhole(reply, want);
    if (expected > mostBytes) return await closed(chunks, { kind: 'large', version });
    const bytes = await collect(chunks);
    if (bytes.length !== expected) throw new BadReply(`the answer has ${bytes.length} bytes of ${expected}`);
    if (bytes.length === version.sizeBytes) checkMd5(s3, reply, bytes);
    return { kind: 'read', bytes };
  });
}

/** There is nothing to read where the range begins behind the end of the object. */
function undefinedBehindEnd(error: unknown): undefined {
  if (codeOf(error) !== 'InvalidRange' && statusOf(error) !== 416) throw error;
}

/** A generator that was not begun has no `finally` to run. */
async function closed(chunks: AsyncGenerator<Buffer>, reply: OneReply): Promise<OneReply> {
  await chunks.next();
  await chunks.return(undefined);
  return reply;
}

function isUnsized(
  { ContentLength, ContentRange, ETag }: GetObjectCommandOutput,
  { version }: OneGet,
): boolean {
  const isS3 = ETag !== undefined;
  return isS3 && ContentLength === undefined && ContentRange === undefined && version === undefined;
}

async function collect(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

interface Sending {
  readonly s3: S3;
  readonly client: S3Client;
  readonly tries: Tries;
}

async function sendGet(
  { s3, client, tries }: Sending,
  url: string,
  { start, end, version }: OneGet,
): Promise<GetObjectCommandOutput> {
  const { bucket, key } = parseS3Url(url);
  const isWhole = start === undefined && end === undefined;
  const command = new GetObjectCommand({
    Bucket: bucket,
    Key: key,
    ...(isWhole ? { ChecksumMode: 'ENABLED' } : { Range: rangeHeader(start, end) }),
    ...(version === undefined ? {} : { IfMatch: quotedEtag(version.etag) }),
    ...(s3.options.requesterPays ? { RequestPayer: 'requester' } : {}),
  });
  try {
    return await client.send(command, tries.signal === undefined ? {} : { abortSignal: tries.signal });
  } catch (error) {
    throw version !== undefined && statusOf(error) === 412 ? changedVersion(url) : error;
  }
}

function rangeHeader(start = 0, end?: number): string {
  return `bytes=${start}-${end === undefined ? '' : end - 1}`;
}

function readAction({ url, signal }: Piece) {
  return { verb: 'read', url, signal } as const;
}

function checkRange(reply: GetObjectCommandOutput, { version, start, end, url }: Piece): void {
  if (etagOf(reply) !== version.etag) throw changedVersion(url);
  const expected = `bytes ${start}-${end - 1}/${version.sizeBytes}`;
  if (reply.ContentRange === expected || isWholeReply(reply, { version, start, end })) return;
  throw new BadReply(`the answer holds ${reply.ContentRange ?? 'no range'}, expected ${expected}`);
}

/** Some servers answer 200 where a range is all that there is. */
function isWholeReply(
  reply: GetObjectCommandOutput,
  { version, start, end }: Pick<Piece, 'version' | 'start' | 'end'>,
): boolean {
  if (reply.ContentRange !== undefined || start > 0 || end !== version.sizeBytes) return false;
  return reply.ContentLength === version.sizeBytes;
}

function etagOf({ ETag }: GetObjectCommandOutput): string {
  if (ETag === undefined) throw new BadReply('the answer is not one of S3: it has no ETag');
  return plainEtag(ETag);
}

/** The version that a reply is of, and how many bytes its body must have. */
function checkWhole(
  reply: GetObjectCommandOutput,
  { start, end, version: planned }: OneGet,
): { readonly version: ObjectVersion; readonly bytes: number } {
  const etag = etagOf(reply);
  const isRange = start !== undefined || end !== undefined;
  const found = isRange ? parseRange(reply, start ?? 0) : wholeRange(reply, planned);
  const sizeBytes = planned?.sizeBytes ?? found.total;
  if (planned !== undefined && etag !== planned.etag)
    throw new BadReply('the answer is of another version than was asked for');
  const last = Math.min(end ?? sizeBytes, sizeBytes);
  if (found.total !== sizeBytes || found.bytes !== last - (start ?? 0))
    throw new BadReply(`the answer has ${found.bytes} bytes of ${last - (start ?? 0)}`);
  return { version: { etag, sizeBytes }, bytes: found.bytes };
}

interface FoundRange {
  readonly total: number;
  readonly bytes: number;
}

function wholeRange(
  { ContentLength }: GetObjectCommandOutput,
  planned: ObjectVersion | undefined,
): FoundRange {
  const total = ContentLength ?? planned?.sizeBytes;
  if (total === undefined) throw new BadReply('the answer does not say how long it is');
  return { total, bytes: total };
}

function parseRange({ ContentRange, ContentLength }: GetObjectCommandOutput, start: number): FoundRange {
  if (ContentRange === undefined && start === 0 && ContentLength !== undefined)
    return { total: ContentLength, bytes: ContentLength };
  const found = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(ContentRange ?? '');
  if (found === null || Number(found[1]) !== start)
    throw new BadReply(`the answer holds ${ContentRange ?? 'no range'}, expected one from ${start}`);
  return { total: Number(found[3]), bytes: Number(found[2]) + 1 - start };
}

function checkMd5(s3: S3, reply: GetObjectCommandOutput, bytes: Buffer): void {
  const etag = etagOf(reply);
  if (!hasMd5Etag(s3, etag, reply)) return;
  if (createHash('md5').update(bytes).digest('hex') !== etag) throw notTheMd5();
}

/** Whether an object's ETag is the MD5 of its bytes, as far as a reply tells. */
export function hasMd5Etag(s3: S3, etag: string, reply: EncryptionReply): boolean {
  const isOwnKey = reply.SSECustomerAlgorithm !== undefined || /kms/.test(reply.ServerSideEncryption ?? '');
  return s3.options.verifyEtags !== false && !isOwnKey && isMd5Etag(etag);
}

export interface EncryptionReply {
  readonly ServerSideEncryption?: string | undefined;
  readonly SSECustomerAlgorithm?: string | undefined;
}

export function notTheMd5(): DamagedReply {
  return new DamagedReply('the bytes do not match the MD5 in its ETag', DAMAGED_ADVICE);
}
