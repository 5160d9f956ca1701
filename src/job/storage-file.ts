import { z } from 'zod';
import { text } from './file-parts.ts';

/** `storage:` as it is written in a job file. */
export type StorageFile = z.output<typeof storageSchema>;

export const storageSchema = z
  .strictObject({
    endpoint: text
      .optional()
      .describe(
        'The address of an S3 other than AWS; by default AWS_ENDPOINT_URL_S3, or that of the profile.',
      ),
    region: text
      .optional()
      .describe('By default AWS_REGION, or that of the profile; us-east-1 where none says.'),
    profile: text.optional().describe('A profile of the AWS configuration files; by default AWS_PROFILE.'),
    path_style: z
      .boolean()
      .optional()
      .describe(
        'Whether the bucket stands in the path of requests; by default wherever the endpoint is not that of AWS.',
      ),
    requester_pays: z
      .boolean()
      .optional()
      .describe('Whether this account pays for reading buckets that ask for it.'),
    sse: z
      .enum(['aes256', 'kms'])
      .optional()
      .describe('How what is written is encrypted in the store; by default as the bucket says.'),
    sse_kms_key: text.optional().describe('The id or ARN of the KMS key, with sse: kms.'),
    verify_etags: z
      .boolean()
      .optional()
      .describe('False for stores whose ETags look like an MD5 and are none.'),
    orders_by_bytes: z
      .boolean()
      .optional()
      .describe(
        'Whether the store lists keys by their bytes, as AWS does; by default as its address lets expect.',
      ),
    tags: z
      .record(text, z.string())
      .refine((tags) => Object.keys(tags).length <= 10, 'expected at most 10 tags')
      .optional()
      .describe('Tags of every object that is written: { team: timing }.'),
  })
  .refine(
    ({ sse, sse_kms_key }) => sse_kms_key === undefined || sse !== 'aes256',
    'sse_kms_key needs sse: kms',
  )
  .describe(
    'How s3:// urls are reached, where the environment is not to tell. Credentials never stand here.',
  );
