import { CopyObjectCommand, UploadPartCopyCommand } from '@aws-sdk/client-s3';
import { changedVersion } from './changed-version.ts';
import { callS3 } from './s3-call.ts';
import type { S3 } from './s3-client.ts';
import { conditionHeaders, refusal, settle, written } from './s3-condition.ts';
import { quotedEtag } from './s3-etag.ts';
import { codeOf, statusOf } from './s3-failure.ts';
import { headObject, payer } from './s3-head.ts';
import { etagOfPart, type UploadPlan, uploadInParts } from './s3-multipart.ts';
import { readObjectStream } from './s3-read.ts';
import { parseS3Url } from './s3-url.ts';
import { writeOptions } from './s3-write-options.ts';
import { sourceGone } from './source-gone.ts';
import type { StoredObject, WriteCondition, WriteOutcome } from './storage.ts';

/**
 * `Storage.copy`, by the server: in one request, or by parts when the object is large. A source whose size is known to be
 * small is not looked at first.
 */
export async function copyObject(
  s3: S3,
  from: string,
  to: string,
  condition?: WriteCondition,
  sizeBytes = Number.POSITIVE_INFINITY,
): Promise<WriteOutcome> {
  // S3 refuses to copy an object to itself.
  if (from !== to && sizeBytes <= s3.limits.copyBytes) return await copyWhole(s3, from, to, condition);
  const source = await sourceOf(s3, from, to);
  if (from === to) return keepAsItIs(source, condition);
  const isLarge = source.sizeBytes > s3.limits.copyBytes;
  return isLarge ? await copyParts(s3, source, to, condition) : await copyWhole(s3, from, to, condition);
}

async function sourceOf(s3: S3, from: string, to: string): Promise<StoredObject> {
  const source = await headObject(s3, from);
  if (source === undefined) throw sourceGone(from, to);
  return source;
}

function keepAsItIs({ etag }: StoredObject, condition: WriteCondition | undefined): WriteOutcome {
  const holds = condition === undefined || (condition.kind === 'match' && condition.etag === etag);
  return holds ? { kind: 'written', etag } : { kind: 'refused' };
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html */
async function copyWhole(
  s3: S3,
  from: string,
  to: string,
  condition?: WriteCondition,
): Promise<WriteOutcome> {
  const { bucket, key } = parseS3Url(to);
  const answer = await callS3(s3, { verb: 'write', url: to }, async (client, tries) => {
    const command = new CopyObjectCommand({
      Bucket: bucket,
      Key: key,
      CopySource: copySource(from),
      ...conditionHeaders(condition),
      ...writeOptions(s3),
      ...(s3.options.tags === undefined ? {} : { TaggingDirective: 'REPLACE' }),
    });
    try {
      return written((await client.send(command)).CopyObjectResult?.ETag);
    } catch (error) {
      if (codeOf(error) === 'NoSuchKey' && condition?.kind !== 'match') throw sourceGone(from, to);
      return refusal(error, tries, condition);
    }
  });
  if (answer.kind === 'written') return answer;
  const source = await sourceOf(s3, from, to);
  return await settle(answer, () => ownCopy(s3, source, to));
}

/** The source's url as the header wants it: encoded, but for the slashes. */
export function copySource(url: string): string {
  const { bucket, key } = parseS3Url(url);
  return `${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`;
}

/** What lies at the destination when it has the bytes of the source. */
async function ownCopy(s3: S3, source: StoredObject, to: string): Promise<StoredObject | undefined> {
  const found = await headObject(s3, to);
  if (found?.sizeBytes !== source.sizeBytes) return undefined;
  return found.etag === source.etag || (await haveSameBytes(s3, source, found)) ? found : undefined;
}

async function haveSameBytes(s3: S3, one: StoredObject, other: StoredObject): Promise<boolean> {
  const others = readObjectStream(s3, other.url, { version: other });
  // Of one size and read with the same options, both come in the same chunks.
  for await (const chunk of readObjectStream(s3, one.url, { version: one })) {
    const beside = await others.next();
    if (beside.done || Buffer.compare(chunk, beside.value) !== 0) return await stop(others);
  }
  return true;
}

async function stop(stream: AsyncGenerator<Uint8Array>): Promise<false> {
  await stream.return(undefined);
  return false;
}

const PART_BYTES = 128 * 1024 * 1024;

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html */
async function copyParts(
  s3: S3,
  source: StoredObject,
  to: string,
  condition?: WriteCondition,
): Promise<WriteOutcome> {
  const plan: UploadPlan = {
    action: { verb: 'write', url: to },
    sizeBytes: source.sizeBytes,
    partBytes: Math.min(PART_BYTES, s3.limits.copyBytes),
    condition,
    sendPart: async (upload, part, signal) =>
      await callS3(s3, { ...upload.action, signal }, async (client) => {
        const command = new UploadPartCopyCommand({
          ...upload.at,
          PartNumber: part.number,
          CopySource: copySource(source.url),
          CopySourceRange: `bytes=${part.start}-${part.end - 1}`,
          CopySourceIfMatch: quotedEtag(source.etag),
          ...payer(s3),
        });
        const reply = await client.send(command, { abortSignal: signal }).catch((error: unknown) => {
          throw statusOf(error) === 412 ? changedVersion(source.url) : error;
        });
        return etagOfPart(reply.CopyPartResult?.ETag);
      }),
    findOwn: () => ownCopy(s3, source, to),
  };
  return await uploadInParts(s3, plan);
}
