import { ArnFormat, Aws, CfnOutput, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';
import type { Settings } from './settings.ts';

export interface Notices {
  /** What failed: runs, jobs of Batch, events that nobody could handle, alarms. */
  readonly topic: Topic;
  /** What Batch, Lambda and EC2 write. */
  readonly logs: LogGroup;
}

/** A topic and a log group under a key of their own: CloudWatch cannot publish to topics under the key of SNS. */
export function createNotices(scope: Construct, { logRetentionDays, notifyEmail }: Settings): Notices {
  const key = createKey(scope);
  const topic = new Topic(scope, 'Notices', { masterKey: key, enforceSSL: true });
  topic.addToResourcePolicy(alarmsAndRulesPublish(topic));
  if (notifyEmail !== undefined) topic.addSubscription(new EmailSubscription(notifyEmail));
  const logs = new LogGroup(scope, 'Logs', {
    encryptionKey: key,
    retention: logRetentionDays as RetentionDays,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  new CfnOutput(scope, 'NoticesTopic', { value: topic.topicArn });
  new CfnOutput(scope, 'LogGroup', { value: logs.logGroupName });
  return { topic, logs };
}

function createKey(scope: Construct): Key {
  const key = new Key(scope, 'Key', {
    description: 'Notices and logs of Pitwall',
    enableKeyRotation: true,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  key.addToResourcePolicy(alarmsAndRulesUseKey());
  key.addToResourcePolicy(logService(Stack.of(scope)));
  return key;
}

const IN_THIS_ACCOUNT = { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } };

function alarmsAndRules(): ServicePrincipal[] {
  return ['cloudwatch', 'events'].map((name) => new ServicePrincipal(`${name}.amazonaws.com`));
}

function alarmsAndRulesPublish(topic: Topic): PolicyStatement {
  return new PolicyStatement({
    sid: 'AlarmsAndRulesPublish',
    principals: alarmsAndRules(),
    actions: ['sns:Publish'],
    resources: [topic.topicArn],
    conditions: IN_THIS_ACCOUNT,
  });
}

/** https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html */
function alarmsAndRulesUseKey(): PolicyStatement {
  return new PolicyStatement({
    sid: 'AlarmsAndRulesUseKey',
    principals: alarmsAndRules(),
    actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
    resources: ['*'],
    conditions: IN_THIS_ACCOUNT,
  });
}

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html */
function logService(stack: Stack): PolicyStatement {
  const groups = stack.formatArn({
    service: 'logs',
    resource: 'log-group',
    resourceName: '*',
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  return new PolicyStatement({
    sid: 'LogsAreWritten',
    principals: [new ServicePrincipal(`logs.${Aws.REGION}.amazonaws.com`)],
    actions: ['kms:Encrypt*', 'kms:Decrypt*', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:Describe*'],
    resources: ['*'],
    conditions: { ArnLike: { 'kms:EncryptionContext:aws:logs:arn': groups } },
  });
}
