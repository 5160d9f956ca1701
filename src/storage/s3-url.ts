import { PitwallError } from '../error.ts';

/** An object in S3, or a folder where the key ends in a slash or is empty. */
export interface S3Address {
  readonly bucket: string;
  readonly key: string;
}

/** The longest key that S3 takes, in UTF-8. */
const MAX_KEY_BYTES = 1024;

const SCHEME = 's3://';

export function isS3Url(url: string): boolean {
  return url.startsWith(SCHEME);
}

export function s3Url(bucket: string, key: string): string {
  return `${SCHEME}${bucket}/${key}`;
}

/**
 * Bucket and key of an object's url; nothing in it is decoded, so that `%`, `+` and spaces stand for themselves.
 *
 * @throws PitwallError (`data`) for a url that can be no object's
 */
export function parseS3Url(url: string): S3Address {
  const address = splitS3Url(url);
  if (address.key === '' || address.key.endsWith('/')) throw isFolder(url);
  const keyBytes = Buffer.byteLength(address.key);
  if (keyBytes > MAX_KEY_BYTES) throw tooLong(url, keyBytes);
  return address;
}

/** Bucket and key prefix of a folder's url, with a slash at its end; `''` for the whole bucket. */
export function parseS3Folder(url: string): S3Address {
  const { bucket, key } = splitS3Url(url);
  return { bucket, key: key === '' || key.endsWith('/') ? key : `${key}/` };
}

const BUCKET = /^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$|^arn:[A-Za-z0-9:._-]+$/;

function splitS3Url(url: string): S3Address {
  const rest = url.slice(SCHEME.length);
  const slash = rest.startsWith('arn:') ? rest.indexOf('/', rest.indexOf('/') + 1) : rest.indexOf('/');
  const bucket = slash < 0 ? rest : rest.slice(0, slash);
  if (!BUCKET.test(bucket.replace(/^(arn:[^/]*)\//, '$1:'))) throw noBucket(bucket);
  return { bucket, key: slash < 0 ? '' : rest.slice(slash + 1) };
}

/** What may be a user name with a password is not repeated. */
function noBucket(bucket: string): PitwallError {
  const expected = 'expected s3://bucket/key, the bucket of 3 or more letters, digits, dots and hyphens';
  if (/^[\w.-]+$/.test(bucket)) return new PitwallError('job', `s3://${bucket} names no bucket; ${expected}`);
  return new PitwallError(
    'job',
    `an s3:// url names no bucket; ${expected}, with credentials in the environment`,
  );
}

function isFolder(url: string): PitwallError {
  const message = `${url} is a folder, expected an object; add a name or a glob such as /*.csv`;
  return new PitwallError('data', message);
}

function tooLong(url: string, keyBytes: number): PitwallError {
  const message = `the key of ${url.slice(0, 200)}… has ${keyBytes} bytes, at most ${MAX_KEY_BYTES} are allowed in S3; shorten it`;
  return new PitwallError('data', message);
}
