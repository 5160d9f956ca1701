import { unlink } from 'node:fs/promises';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { callS3 } from './s3-call.ts';
import type { S3 } from './s3-client.ts';
import { conditionHeaders, ownWrite, refusal, settle, written } from './s3-condition.ts';
import { uploadPartBytes, uploadParts } from './s3-multipart.ts';
import { parseS3Url } from './s3-url.ts';
import { writeOptions } from './s3-write-options.ts';
import type { PutOptions, WriteCondition, WriteOutcome } from './storage.ts';
import { bytesSource, type UploadSource, withFileSource } from './upload-source.ts';

/** `Storage.writeAtomic`: one PUT, or a multipart upload when it is large. */
export async function writeObject(
  s3: S3,
  url: string,
  bytes: Uint8Array,
  condition?: WriteCondition,
): Promise<WriteOutcome> {
  return await uploadObject(s3, url, bytesSource(bytes), condition);
}

/** Uploads what a source gives; whole or not at all. */
export async function uploadObject(
  s3: S3,
  url: string,
  source: UploadSource,
  condition?: WriteCondition,
  options: PutOptions = {},
): Promise<WriteOutcome> {
  const isLarge = source.sizeBytes > 2 * uploadPartBytes(s3);
  return isLarge
    ? await uploadParts(s3, url, source, condition, options)
    : await putObject(s3, url, source, condition, options);
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html */
async function putObject(
  s3: S3,
  url: string,
  source: UploadSource,
  condition: WriteCondition | undefined,
  { signal }: PutOptions,
): Promise<WriteOutcome> {
  const { bucket, key } = parseS3Url(url);
  const bytes = await source.read(0, source.sizeBytes);
  const outcome = await callS3(s3, { verb: 'write', url, signal }, async (client, tries) => {
    const input = {
      Bucket: bucket,
      Key: key,
      Body: bytes,
      ...conditionHeaders(condition),
      ...writeOptions(s3),
    };
    try {
      const { ETag } = await client.send(new PutObjectCommand(input), abortedBy(signal));
      return written(ETag);
    } catch (error) {
      return refusal(error, tries, condition);
    }
  });
  return await settle(outcome, () => ownWrite(s3, url, source));
}

function abortedBy(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal };
}

/** `Storage.upload`. */
export async function uploadFile(
  s3: S3,
  localPath: string,
  url: string,
  condition?: WriteCondition,
): Promise<WriteOutcome> {
  return await withFileSource(localPath, (source) => uploadObject(s3, url, source, condition));
}

/** `Storage.put`. */
export async function putFile(
  s3: S3,
  localPath: string,
  url: string,
  options: PutOptions = {},
): Promise<void> {
  await withFileSource(localPath, (source) => uploadObject(s3, url, source, undefined, options));
  await unlink(localPath);
}
