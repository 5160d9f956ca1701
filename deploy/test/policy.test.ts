import type { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { identityStatements, managedPolicies, resourceStatements, type Statement } from './statements.ts';
import { FULL, onlyOf, resourcesOf, synthesise } from './synth.ts';

const { image, pitwall } = synthesise(FULL);
const TEMPLATES: readonly (readonly [string, Template])[] = [
  ['PitwallImage', image],
  ['Pitwall', pitwall],
];

/** Actions for which AWS knows no resource, and why somebody needs them. */
const WITHOUT_RESOURCE: Readonly<Record<string, string>> = {
  'batch:DescribeJobs': 'the driver of a run follows its jobs',
  'batch:ListJobs': 'a driver finds the jobs of an earlier one, the function that of an earlier event',
  'batch:DescribeJobQueues': 'a driver checks what it was given',
  'batch:DescribeJobDefinitions': 'a driver checks what it was given',
  'ecr:GetAuthorizationToken': 'an instance pulls the image',
};

function allows({ effect }: Statement): boolean {
  return effect === 'Allow';
}

function has(statements: readonly Statement[], owner: RegExp, action: string): Statement | undefined {
  return statements.find((statement) => owner.test(statement.owner) && statement.actions.includes(action));
}

describe.each(TEMPLATES)('the roles of %s', (_, template) => {
  const statements = identityStatements(template).filter(allows);

  test('name each action that they may do', () => {
    const wild = statements.flatMap(({ owner, actions }) =>
      actions.filter((action) => /^(\*|[\w-]+:\*)$/.test(action)).map((action) => `${owner} ${action}`),
    );
    expect(wild).toEqual([]);
  });

  test('name the resource of each action that has one', () => {
    const wide = statements
      .filter(({ resources }) => resources.includes('"*"'))
      .flatMap(({ owner, actions }) =>
        actions.filter((action) => !(action in WITHOUT_RESOURCE)).map((action) => `${owner} ${action}`),
      );
    expect(wide).toEqual([]);
  });

  test('let nobody change who may do what', () => {
    const actions = statements.flatMap((statement) => statement.actions);
    expect(actions.filter((action) => /^(iam|sts|kms:(Put|Create|Schedule))/.test(action))).toEqual([]);
  });

  test('have no managed policy but that of an instance in a cluster', () => {
    expect(
      managedPolicies(template).filter((name) => !/AmazonEC2ContainerServiceforEC2Role$/.test(name)),
    ).toEqual([]);
  });
});

describe('what each role may do', () => {
  const statements = identityStatements(pitwall);

  test('a task reads and writes the data, and neither submits jobs nor tells of failures', () => {
    const actions = statements
      .filter(({ owner }) => /^TaskRole/.test(owner))
      .flatMap(({ actions: all }) => all);
    expect(actions.filter((action) => !action.startsWith('s3:'))).toEqual([]);
    expect(actions).toContain('s3:PutObject');
  });

  test('a run submits task jobs, ends them, and publishes notices', () => {
    expect(has(statements, /^RunRole/, 'batch:SubmitJob')?.resources.join()).toMatch(/TaskJob/);
    expect(has(statements, /^RunRole/, 'batch:SubmitJob')?.resources.join()).not.toMatch(/RunJob/);
    expect(has(statements, /^RunRole/, 'batch:TerminateJob')?.resources.join()).toMatch(/:job\/\*/);
    expect(has(statements, /^RunRole/, 'sns:Publish')?.resources.join()).toMatch(/Notices/);
  });

  test('the function submits run jobs, and cannot end any', () => {
    expect(has(statements, /^RunsRole/, 'batch:SubmitJob')?.resources.join()).toMatch(/RunJob/);
    expect(has(statements, /^RunsRole/, 'batch:TerminateJob')).toBeUndefined();
  });

  test('Spark reads and writes the data, and its own logs', () => {
    const spark = statements.filter(({ owner }) => /^SparkRole/.test(owner));
    const actions = spark.flatMap(({ actions: all }) => all).filter((action) => action !== 'sts:AssumeRole');
    expect(actions.filter((action) => !/^(s3|logs):/.test(action))).toEqual([]);
  });

  test('buckets of inputs are only read', () => {
    const onInputs = statements.filter(({ resources }) => resources.join().includes('raw-results'));
    const actions = new Set(onInputs.flatMap(({ actions: all }) => all));
    expect([...actions].sort()).toEqual(['s3:GetBucketLocation', 's3:GetObject', 's3:ListBucket']);
  });
});

describe.each(TEMPLATES)('the resources of %s', (_, template) => {
  const statements = resourceStatements(template).filter(allows);

  test('are open to nobody outside the account', () => {
    const open = statements.filter(({ principal }) => /"\*"/.test(JSON.stringify(principal)));
    expect(open).toEqual([]);
  });

  test('are open to services for resources of this account or stack alone', () => {
    const toServices = statements.filter(({ principal }) => /"Service"/.test(JSON.stringify(principal)));
    const unbound = toServices.filter(({ condition }) => condition === undefined);
    expect(unbound).toEqual([]);
  });
});

describe('data at rest and on its way', () => {
  test('the bucket is encrypted, versioned, private, and answers over TLS alone', () => {
    expect(onlyOf(pitwall, 'AWS::S3::Bucket')).toMatchObject({
      DeletionPolicy: 'Retain',
      Properties: {
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
        },
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
        VersioningConfiguration: { Status: 'Enabled' },
      },
    });
    const denied = resourceStatements(pitwall).filter(
      ({ owner, effect }) => /^Data/.test(owner) && effect === 'Deny',
    );
    expect(denied.map(({ condition }) => condition)).toContainEqual({
      Bool: { 'aws:SecureTransport': 'false' },
    });
  });

  test('uploads that were never completed and versions that were replaced go by themselves', () => {
    const { Properties } = onlyOf(pitwall, 'AWS::S3::Bucket');
    expect(Properties.LifecycleConfiguration).toMatchObject({
      Rules: [
        { AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 }, Status: 'Enabled' },
        { NoncurrentVersionExpiration: { NoncurrentDays: 30 }, Status: 'Enabled' },
      ],
    });
  });

  test('the topic, the log group and the queues are encrypted', () => {
    expect(onlyOf(pitwall, 'AWS::SNS::Topic').Properties.KmsMasterKeyId).toBeDefined();
    expect(onlyOf(pitwall, 'AWS::Logs::LogGroup').Properties.KmsKeyId).toBeDefined();
    expect(onlyOf(pitwall, 'AWS::KMS::Key').Properties.EnableKeyRotation).toBe(true);
    const queues = [...resourcesOf(pitwall, 'AWS::SQS::Queue').values()];
    expect(queues.map(({ Properties }) => Properties.SqsManagedSseEnabled)).toEqual([true, true]);
  });

  test('the image repository is scanned, and a tag never changes', () => {
    expect(onlyOf(image, 'AWS::ECR::Repository').Properties).toMatchObject({
      ImageScanningConfiguration: { ScanOnPush: true },
      ImageTagMutability: 'IMMUTABLE',
    });
  });

  test('disks of instances are encrypted, and containers do not get the role of their instance', () => {
    const { LaunchTemplateData } = onlyOf(pitwall, 'AWS::EC2::LaunchTemplate').Properties;
    expect(LaunchTemplateData).toMatchObject({
      BlockDeviceMappings: [{ Ebs: { Encrypted: true } }],
      MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
    });
  });

  test('nothing comes in to an instance', () => {
    const groups = [...resourcesOf(pitwall, 'AWS::EC2::SecurityGroup').values()];
    expect(groups).toHaveLength(1);
    expect(groups[0]?.Properties.SecurityGroupIngress).toBeUndefined();
    expect(resourcesOf(pitwall, 'AWS::EC2::SecurityGroupIngress').size).toBe(0);
  });

  test('every log group keeps its lines for a stated time', () => {
    const groups = [...resourcesOf(pitwall, 'AWS::Logs::LogGroup').values()];
    expect(groups.map(({ Properties }) => Properties.RetentionInDays)).toEqual([90]);
  });

  test('nothing writes to a log group that Lambda or Batch would make without retention', () => {
    const functions = [...resourcesOf(pitwall, 'AWS::Lambda::Function').values()];
    const jobs = [...resourcesOf(pitwall, 'AWS::Batch::JobDefinition').values()];
    const groups = [
      ...functions.map(({ Properties }) => JSON.stringify(Properties.LoggingConfig)),
      ...jobs.map(({ Properties }) => JSON.stringify(Properties.ContainerProperties)),
    ];
    expect(groups).toHaveLength(3);
    for (const group of groups) expect(group).toContain('"Ref":"Logs');
  });
});
