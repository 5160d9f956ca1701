import { CfnOutput, Duration, RemovalPolicy } from 'aws-cdk-lib';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type CfnBucket,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';

/**
 * The bucket of inputs, outputs and runs. It is kept when the stack is deleted. Uploads that were never completed go
 * after a week, versions that were replaced or deleted after a month: `pitwall clean` deletes the folders of runs.
 */
export function createDataBucket(scope: Construct): Bucket {
  const bucket = new Bucket(scope, 'Data', {
    encryption: BucketEncryption.S3_MANAGED,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    enforceSSL: true,
    minimumTLSVersion: 1.2,
    versioned: true,
    removalPolicy: RemovalPolicy.RETAIN,
    lifecycleRules: [
      { id: 'uploads-never-completed', abortIncompleteMultipartUploadAfter: Duration.days(7) },
      {
        id: 'versions-replaced',
        noncurrentVersionExpiration: Duration.days(30),
        expiredObjectDeleteMarker: true,
      },
    ],
  });
  sendEvents(bucket);
  new CfnOutput(scope, 'BucketName', { value: bucket.bucketName });
  return bucket;
}

/** `eventBridgeEnabled` of the construct would bring a function of its own with rights on every bucket. */
function sendEvents(bucket: Bucket): void {
  const resource = bucket.node.defaultChild as CfnBucket;
  resource.notificationConfiguration = { eventBridgeConfiguration: { eventBridgeEnabled: true } };
}
