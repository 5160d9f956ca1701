import type { PutObjectCommandInput } from '@aws-sdk/client-s3';
import type { S3 } from './s3-client.ts';

export type WriteOptions = Pick<
  PutObjectCommandInput,
  'ServerSideEncryption' | 'SSEKMSKeyId' | 'BucketKeyEnabled' | 'Tagging' | 'RequestPayer'
>;

/** The options of what is written, and who pays for it. */
export function writeOptions({ options }: S3): WriteOptions {
  const { tags, requesterPays } = options;
  return {
    ...encryptionOf(options.encryption),
    ...(tags === undefined ? {} : { Tagging: new URLSearchParams({ ...tags }).toString() }),
    ...(requesterPays ? { RequestPayer: 'requester' } : {}),
  };
}

function encryptionOf(encryption: S3['options']['encryption']): WriteOptions {
  if (encryption === undefined) return {};
  if (encryption.kind === 'aes256') return { ServerSideEncryption: 'AES256' };
  return {
    ServerSideEncryption: 'aws:kms',
    ...(encryption.keyId === undefined ? {} : { SSEKMSKeyId: encryption.keyId }),
    ...(encryption.bucketKey === undefined ? {} : { BucketKeyEnabled: encryption.bucketKey }),
  };
}
