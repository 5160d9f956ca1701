import { ListObjectsV2Command, type ListObjectsV2CommandOutput } from '@aws-sdk/client-s3';
import { callS3 } from './s3-call.ts';
import type { S3 } from './s3-client.ts';
import { plainEtag } from './s3-etag.ts';
import { BadReply } from './s3-failure.ts';
import { s3Url } from './s3-url.ts';
import type { StoredObject } from './storage.ts';

/** One page of a listing: objects, and where a delimiter was given the folders beside them, each in order of bytes. */
export interface Page {
  readonly objects: readonly StoredObject[];
  /** Key prefixes, with a slash at their end. */
  readonly folders: readonly string[];
  /** The last key of all, markers of folders too. */
  readonly lastKey: string | undefined;
  /** Where the next page begins; `undefined` for the last. */
  readonly next: string | undefined;
}

export interface ListRequest {
  readonly bucket: string;
  readonly prefix: string;
  /** Only the names directly below the prefix: folders instead of what lies in them. */
  readonly isFlat?: boolean | undefined;
  /** With the empty objects that some programs make to show a folder. */
  readonly withMarkers?: boolean | undefined;
  /** Only keys behind this one. */
  readonly after?: string | undefined;
  readonly mostKeys?: number | undefined;
}

/**
 * One page of a listing, whole or an error.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
 */
export async function listPage(s3: S3, request: ListRequest, from?: string): Promise<Page> {
  const { bucket, prefix, isFlat, after, mostKeys } = request;
  return await callS3(s3, { verb: 'list', url: s3Url(bucket, prefix) }, async (client) => {
    const command = new ListObjectsV2Command({
      Bucket: bucket,
      Prefix: prefix,
      EncodingType: 'url',
      ...(isFlat ? { Delimiter: '/' } : {}),
      ...(mostKeys === undefined ? {} : { MaxKeys: mostKeys }),
      ...(after === undefined || from !== undefined ? {} : { StartAfter: after }),
      ...(from === undefined ? {} : { ContinuationToken: from }),
      ...(s3.options.requesterPays ? { RequestPayer: 'requester' } : {}),
    });
    return toPage(await client.send(command), request, from);
  });
}

/** All pages, the next asked for while one is looked at. */
export async function* listPages(s3: S3, request: ListRequest): AsyncGenerator<Page> {
  let coming: Promise<Page> | undefined = listPage(s3, request);
  while (coming !== undefined) {
    const page: Page = await coming;
    coming = page.next === undefined ? undefined : listPage(s3, request, page.next);
    coming?.catch(() => undefined);
    yield page;
  }
}

function toPage(reply: ListObjectsV2CommandOutput, request: ListRequest, from?: string): Page {
  const { bucket, prefix, withMarkers = false } = request;
  const objects = (reply.Contents ?? []).map((entry) => toObject(bucket, entry));
  const folders = (reply.CommonPrefixes ?? []).map(({ Prefix }) => decodeKey(Prefix));
  checkPage(reply, objects.length + folders.length, from);
  const isStray = [...objects.map(({ url }) => url), ...folders.map((folder) => s3Url(bucket, folder))].some(
    (url) => !url.startsWith(s3Url(bucket, prefix)),
  );
  if (isStray) throw new BadReply('the listing holds keys that were not asked for');
  return {
    objects: objects.filter(({ url }) => withMarkers || !url.endsWith('/')),
    folders,
    lastKey: objects.at(-1)?.url.slice(s3Url(bucket, '').length),
    next: reply.IsTruncated ? reply.NextContinuationToken : undefined,
  };
}

function checkPage(reply: ListObjectsV2CommandOutput, entries: number, from: string | undefined): void {
  const { IsTruncated, KeyCount, NextContinuationToken } = reply;
  if (IsTruncated === undefined || KeyCount === undefined)
    throw new BadReply('the answer is not a listing of S3');
  if (KeyCount !== entries) throw new BadReply(`the listing has ${entries} of ${KeyCount} keys`);
  if (IsTruncated && (NextContinuationToken === undefined || NextContinuationToken === from))
    throw new BadReply('the listing goes on, but does not say where');
}

interface Entry {
  readonly Key?: string | undefined;
  readonly Size?: number | undefined;
  readonly ETag?: string | undefined;
}

function toObject(bucket: string, { Key, Size, ETag }: Entry): StoredObject {
  if (Size === undefined || ETag === undefined) throw new BadReply('the listing lacks a size or an ETag');
  return { url: s3Url(bucket, decodeKey(Key)), sizeBytes: Size, etag: plainEtag(ETag) };
}

function decodeKey(encoded: string | undefined): string {
  if (encoded === undefined) throw new BadReply('the listing lacks a key');
  try {
    return decodeURIComponent(encoded.replaceAll('+', ' '));
  } catch {
    throw new BadReply('the listing has a key that cannot be read');
  }
}
