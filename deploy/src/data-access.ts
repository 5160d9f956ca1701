import { Aws } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IBucket } from 'aws-cdk-lib/aws-s3';

/** What a process of Pitwall may do with the stack's bucket, and with the other buckets that jobs read. */
export function dataAccess(bucket: IBucket, inputBuckets: readonly string[]): PolicyStatement[] {
  const statements = [
    new PolicyStatement({
      sid: 'ListData',
      actions: ['s3:ListBucket', 's3:GetBucketLocation', 's3:ListBucketMultipartUploads'],
      resources: [bucket.bucketArn],
    }),
    new PolicyStatement({
      sid: 'ReadAndWriteData',
      actions: [
        's3:GetObject',
        's3:GetObjectTagging',
        's3:PutObject',
        's3:PutObjectTagging',
        's3:DeleteObject',
        's3:AbortMultipartUpload',
        's3:ListMultipartUploadParts',
      ],
      resources: [bucket.arnForObjects('*')],
    }),
  ];
  return inputBuckets.length === 0 ? statements : [...statements, ...readAccess(inputBuckets)];
}

function readAccess(buckets: readonly string[]): PolicyStatement[] {
  const arns = buckets.map((name) => `arn:${Aws.PARTITION}:s3:::${name}`);
  return [
    new PolicyStatement({
      sid: 'ListInputs',
      actions: ['s3:ListBucket', 's3:GetBucketLocation'],
      resources: arns,
    }),
    new PolicyStatement({
      sid: 'ReadInputs',
      actions: ['s3:GetObject'],
      resources: arns.map((arn) => `${arn}/*`),
    }),
  ];
}
