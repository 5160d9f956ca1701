import { DeleteObjectCommand, DeleteObjectsCommand } from '@aws-sdk/client-s3';
import { callS3 } from './s3-call.ts';
import type { S3 } from './s3-client.ts';
import { quotedEtag } from './s3-etag.ts';
import { statusOf } from './s3-failure.ts';
import { headObject, payer } from './s3-head.ts';
import { listPage, listPages } from './s3-list.ts';
import { parseS3Folder, parseS3Url, s3Url } from './s3-url.ts';

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
  const outcome = await callS3(s3, { verb: 'delete', url }, async (client, { mayBeDone }) => {
    const input = { Bucket: bucket, Key: key, IfMatch: quotedEtag(etag), ...payer(s3) };
    try {
      await client.send(new DeleteObjectCommand(input));
      return 'deleted';
    } catch (error) {
      if (statusOf(error) !== 412 && statusOf(error) !== 404) throw error;
      return mayBeDone ? 'doubtful' : 'refused';
    }
  });
  if (outcome !== 'doubtful') return outcome === 'deleted';
  return (await headObject(s3, url)) === undefined;
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

/**
 * `Storage.pruneFolders`: takes away the markers of empty folders, which some servers and programs leave. One that cannot
 * be looked at or deleted stays.
 */
export async function pruneMarkers(s3: S3, url: string, root: string): Promise<void> {
  const { bucket, key } = parseS3Folder(url.slice(0, url.lastIndexOf('/')));
  const { bucket: rootBucket, key: rootKey } = parseS3Folder(root);
  if (bucket !== rootBucket || key === rootKey || !key.startsWith(rootKey)) return;
  const isGone = await pruneMarker(s3, bucket, key).catch(() => false);
  if (isGone) await pruneMarkers(s3, s3Url(bucket, key.slice(0, -1)), root);
}

async function pruneMarker(s3: S3, bucket: string, prefix: string): Promise<boolean> {
  const { objects } = await listPage(s3, { bucket, prefix, mostKeys: 2, withMarkers: true });
  if (objects.some(({ url }) => url !== s3Url(bucket, prefix))) return false;
  await callS3(s3, { verb: 'delete', url: s3Url(bucket, prefix) }, async (client) => {
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: prefix, ...payer(s3) }));
  });
  return true;
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
    throw notDeleted(errors[0]?.Code);
  });
}

/** As if the server had answered so to the whole request. */
function notDeleted(code = 'InternalError'): Error {
  const status = code === 'AccessDenied' ? 403 : 503;
  return Object.assign(new Error(code), { name: code, $metadata: { httpStatusCode: status } });
}
