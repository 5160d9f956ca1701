import { DeleteObjectCommand, DeleteObjectsCommand } from '@aws-sdk/client-s3';
import { callS3 } from './s3-call.ts';
import type { S3 } from './s3-client.ts';
import { quotedEtag } from './s3-etag.ts';
import { BadReply, statusOf } from './s3-failure.ts';
import { listPages } from './s3-list.ts';
import { headObject, payer } from './s3-read.ts';
import { parseS3Folder, parseS3Url } from './s3-url.ts';

/** `Storage.delete`. @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html */
export async function deleteObject(s3: S3, url: string): Promise<void> {
  const { bucket, key } = parseS3Url(url);
  await callS3(s3, { verb: 'delete', url }, async (client) => {
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key, ...payer(s3) }));
  });
}

/** `Storage.deleteVersion`: looked at first, since not every server knows a delete under If-Match. */
export async function deleteObjectVersion(s3: S3, url: string, etag: string): Promise<boolean> {
  const { bucket, key } = parseS3Url(url);
  if ((await headObject(s3, url))?.etag !== etag) return false;
  return await callS3(s3, { verb: 'delete', url }, async (client, { mayBeDone }) => {
    const input = { Bucket: bucket, Key: key, IfMatch: quotedEtag(etag), ...payer(s3) };
    try {
      await client.send(new DeleteObjectCommand(input));
      return true;
    } catch (error) {
      if (statusOf(error) === 404) return mayBeDone;
      if (statusOf(error) === 412) return false;
      throw error;
    }
  });
}

/** `Storage.deleteFolder`, a page of the listing at a time. */
export async function deleteS3Folder(s3: S3, folder: string): Promise<void> {
  const { bucket, key: prefix } = parseS3Folder(folder);
  for await (const page of listPages(s3, { bucket, prefix, withMarkers: true }))
    if (page.objects.length > 0)
      await deleteObjects(
        s3,
        folder,
        page.objects.map(({ url }) => url),
      );
}

/** Up to 1000 together. @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
async function deleteObjects(s3: S3, folder: string, urls: readonly string[]): Promise<void> {
  const { bucket } = parseS3Folder(folder);
  const start = `s3://${bucket}/`.length;
  let left = urls.map((url) => ({ Key: url.slice(start) }));
  await callS3(s3, { verb: 'delete', url: folder }, async (client) => {
    const input = { Bucket: bucket, Delete: { Objects: left, Quiet: true }, ...payer(s3) };
    const { Errors: errors = [] } = await client.send(new DeleteObjectsCommand(input));
    if (errors.length === 0) return;
    const failed = new Set(errors.map(({ Key }) => Key));
    left = left.filter(({ Key }) => failed.has(Key));
    throw new BadReply(`${errors.length} objects were not deleted: ${errors[0]?.Code ?? 'no reason given'}`);
  });
}
