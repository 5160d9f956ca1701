import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { mapAhead } from './map-ahead.ts';
import { callS3, type S3Action } from './s3-call.ts';
import type { S3 } from './s3-client.ts';
import { type Answer, conditionHeaders, ownWrite, refusal, settle, written } from './s3-condition.ts';
import { BadReply, codeOf } from './s3-failure.ts';
import { payer } from './s3-head.ts';
import { parseS3Url } from './s3-url.ts';
import { writeOptions } from './s3-write-options.ts';
import type { PutOptions, StoredObject, WriteCondition, WriteOutcome } from './storage.ts';
import type { UploadSource } from './upload-source.ts';

/** A multipart upload that was begun. */
export interface Upload {
  readonly action: S3Action;
  readonly at: { readonly Bucket: string; readonly Key: string; readonly UploadId: string };
}

export interface Part {
  readonly number: number;
  readonly start: number;
  readonly end: number;
}

export interface UploadPlan {
  readonly action: S3Action;
  readonly sizeBytes: number;
  readonly partBytes: number;
  readonly condition: WriteCondition | undefined;
  /** Sends one part and gives its ETag as it came. */
  readonly sendPart: (upload: Upload, part: Part, signal: AbortSignal) => Promise<string>;
  readonly findOwn: () => Promise<StoredObject | undefined>;
  /** Stops the sending of parts; what was sent is given up. */
  readonly signal?: AbortSignal | undefined;
}

const MAX_PARTS = 10_000;

/**
 * Makes an object out of parts that are sent side by side. Whatever fails, no upload stays pending.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
 */
export async function uploadInParts(s3: S3, plan: UploadPlan): Promise<WriteOutcome> {
  const upload = await beginUpload(s3, plan.action);
  try {
    const etags = await sendParts(s3, plan, upload);
    const outcome = await settle(await complete(s3, plan, upload, etags), plan.findOwn);
    if (outcome.kind === 'refused') await abandon(s3, upload);
    return outcome;
  } catch (error) {
    await abandon(s3, upload).catch(() => undefined);
    throw error;
  }
}

/** The least that S3 takes as a part, but for the last. */
const LEAST_PART_BYTES = 5 * 1024 * 1024;

/** How large the parts of an upload are. */
export function uploadPartBytes({ limits }: S3): number {
  return Math.max(limits.partBytes, LEAST_PART_BYTES);
}

/** A large body by parts. */
export async function uploadParts(
  s3: S3,
  url: string,
  source: UploadSource,
  condition?: WriteCondition,
  { signal: stop }: PutOptions = {},
): Promise<WriteOutcome> {
  return await uploadInParts(s3, {
    action: { verb: 'write', url },
    signal: stop,
    sizeBytes: source.sizeBytes,
    partBytes: uploadPartBytes(s3),
    condition,
    sendPart: async (upload, part, signal) => {
      const bytes = await source.read(part.start, part.end);
      return await callS3(s3, { ...upload.action, signal }, async (client) => {
        const input = { ...upload.at, PartNumber: part.number, Body: bytes, ...payer(s3) };
        const { ETag } = await client.send(new UploadPartCommand(input), { abortSignal: signal });
        return etagOfPart(ETag);
      });
    },
    findOwn: () => ownWrite(s3, url, source),
  });
}

export function etagOfPart(etag: string | undefined): string {
  if (etag === undefined) throw new BadReply('the answer is not one of S3: it has no ETag');
  return etag;
}

async function beginUpload(s3: S3, action: S3Action): Promise<Upload> {
  const { bucket, key } = parseS3Url(action.url);
  const at = { Bucket: bucket, Key: key };
  const begun = await callS3(s3, action, async (client, { mayBeDone }) => {
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ ...at, ...writeOptions(s3) }));
    if (UploadId === undefined) throw new BadReply('the answer is not one of S3: it has no upload id');
    return { UploadId, mayBeTwo: mayBeDone };
  });
  const upload = { action, at: { ...at, UploadId: begun.UploadId } };
  if (begun.mayBeTwo) await abandonOthers(s3, upload).catch(() => undefined);
  return upload;
}

/** An upload whose reply was lost has no owner. Names of large objects are those of one attempt, which has one writer. */
async function abandonOthers(s3: S3, { action, at }: Upload): Promise<void> {
  const { Bucket, Key } = at;
  const uploads = await callS3(s3, action, async (client) => {
    const reply = await client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: Key, ...payer(s3) }));
    return reply.Uploads ?? [];
  });
  for (const { UploadId, Key: key } of uploads)
    if (key === Key && UploadId !== undefined && UploadId !== at.UploadId)
      await abandon(s3, { action, at: { Bucket, Key, UploadId } });
}

interface SentPart {
  readonly PartNumber: number;
  readonly ETag: string;
}

async function sendParts(
  s3: S3,
  { sizeBytes, partBytes, sendPart, signal: stop }: UploadPlan,
  upload: Upload,
): Promise<SentPart[]> {
  const sent: SentPart[] = [];
  const parts = splitIntoParts(sizeBytes, partBytes);
  const work = async (part: Part, signal: AbortSignal): Promise<SentPart> => ({
    PartNumber: part.number,
    ETag: await sendPart(upload, part, stop === undefined ? signal : AbortSignal.any([signal, stop])),
  });
  for await (const part of mapAhead(parts, { ahead: s3.limits.parts, work })) sent.push(part);
  return sent;
}

/** Equal parts, larger ones where there would be too many. */
export function splitIntoParts(sizeBytes: number, partBytes: number): Part[] {
  const each = Math.max(partBytes, Math.ceil(sizeBytes / MAX_PARTS));
  return Array.from({ length: Math.ceil(sizeBytes / each) }, (_, index) => ({
    number: index + 1,
    start: index * each,
    end: Math.min((index + 1) * each, sizeBytes),
  }));
}

async function complete(
  s3: S3,
  { condition }: UploadPlan,
  { action, at }: Upload,
  parts: readonly SentPart[],
): Promise<Answer> {
  return await callS3(s3, action, async (client, tries) => {
    const input = {
      ...at,
      MultipartUpload: { Parts: [...parts] },
      ...conditionHeaders(condition),
      ...payer(s3),
    };
    try {
      return written((await client.send(new CompleteMultipartUploadCommand(input))).ETag);
    } catch (error) {
      if (tries.mayBeDone && codeOf(error) === 'NoSuchUpload') return { kind: 'doubtful' };
      return refusal(error, tries, condition);
    }
  });
}

async function abandon(s3: S3, { action, at }: Upload): Promise<void> {
  await callS3(s3, action, async (client) => {
    await client.send(new AbortMultipartUploadCommand({ ...at, ...payer(s3) })).catch((error: unknown) => {
      if (codeOf(error) !== 'NoSuchUpload') throw error;
    });
  });
}
