import { Readable } from 'node:stream';
import {
  GetObjectCommand,
  HeadObjectCommand,
  type HeadObjectCommandInput,
  type HeadObjectCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { callS3 } from './s3-call.ts';
import type { S3 } from './s3-client.ts';
import { plainEtag } from './s3-etag.ts';
import { BadReply, codeOf, statusOf } from './s3-failure.ts';
import { parseS3Url } from './s3-url.ts';
import type { ObjectVersion, StoredObject } from './storage.ts';

/** `Storage.head`. @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html */
export async function headObject(s3: S3, url: string): Promise<StoredObject | undefined> {
  const reply = await headReply(s3, url);
  if (reply === undefined) return undefined;
  return { url, ...versionOf(reply) };
}

/** The same with all that the server tells, of one part of a multipart upload where `part` is given. */
export async function headReply(
  s3: S3,
  url: string,
  part?: number,
): Promise<HeadObjectCommandOutput | undefined> {
  const { bucket, key } = parseS3Url(url);
  const at = { Bucket: bucket, Key: key, ...(part === undefined ? {} : { PartNumber: part }), ...payer(s3) };
  return await callS3(s3, { verb: 'read', url }, async (client) => {
    const reply = await client.send(new HeadObjectCommand(at)).catch(async (error: unknown) => {
      const named = codeOf(error) === '' && isRefused(error) ? await namedError(client, at) : error;
      if (statusOf(named) === 404) return undefined;
      throw named;
    });
    if (reply !== undefined) versionOf(reply);
    return reply;
  });
}

function isRefused(error: unknown): boolean {
  return statusOf(error) === 400 || statusOf(error) === 403;
}

/** HEAD has no body to say why it was refused; GET has. */
async function namedError(client: S3Client, at: HeadObjectCommandInput): Promise<unknown> {
  const range = at.PartNumber === undefined ? { Range: 'bytes=0-0' } : {};
  try {
    const { Body: body } = await client.send(new GetObjectCommand({ ...at, ...range }));
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
