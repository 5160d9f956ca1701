import { CfnOutput, Duration, Size, Stack } from 'aws-cdk-lib';
import {
  Action,
  EcsEc2ContainerDefinition,
  EcsJobDefinition,
  EcsVolume,
  type JobQueue,
  LinuxParameters,
  Reason,
  RetryStrategy,
} from 'aws-cdk-lib/aws-batch';
import type { IRepository } from 'aws-cdk-lib/aws-ecr';
import { ContainerImage, LogDriver } from 'aws-cdk-lib/aws-ecs';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { dataAccess } from './data-access.ts';
import { SCRATCH } from './scratch-disk.ts';
import type { JobSize, Settings } from './settings.ts';

export interface BatchJobsProps {
  readonly queue: JobQueue;
  readonly image: IRepository;
  readonly bucket: IBucket;
  readonly logs: ILogGroup;
  readonly topic: ITopic;
  readonly settings: Settings;
}

export interface BatchJobs {
  /** `pitwall run …`: a whole run on one large instance, or one that hands its tasks to the queue. */
  readonly run: EcsJobDefinition;
  /** `pitwall task …`: the children of `--engine batch`. */
  readonly task: EcsJobDefinition;
}

/** The jobs of Batch; both run the image's own entry point, `pitwall`. */
export function createBatchJobs(scope: Construct, props: BatchJobsProps): BatchJobs {
  const { bucket, topic, logs, settings, queue } = props;
  const task = createJob(scope, 'Task', props, settings.task);
  const run = createJob(scope, 'Run', props, settings.run);
  for (const { role } of [task, run])
    for (const statement of dataAccess(bucket, settings.inputBuckets)) role.addToPolicy(statement);
  topic.grantPublish(run.role);
  logs.grantWrite(run.role);
  for (const statement of submitAccess(queue, task.definition, Stack.of(scope)))
    run.role.addToPolicy(statement);
  new CfnOutput(scope, 'BatchRunJobDefinition', { value: run.definition.jobDefinitionName });
  new CfnOutput(scope, 'BatchTaskJobDefinition', { value: task.definition.jobDefinitionName });
  return { run: run.definition, task: task.definition };
}

/** Submitting jobs of one definition, of any revision, to one queue. */
export function submitStatement(
  queue: JobQueue,
  definition: EcsJobDefinition,
  stack: Stack,
): PolicyStatement {
  const resourceName = `${definition.jobDefinitionName}:*`;
  const anyRevision = stack.formatArn({ service: 'batch', resource: 'job-definition', resourceName });
  const newest = stack.formatArn({
    service: 'batch',
    resource: 'job-definition',
    resourceName: definition.jobDefinitionName,
  });
  return new PolicyStatement({
    sid: 'SubmitJobs',
    actions: ['batch:SubmitJob'],
    resources: [queue.jobQueueArn, newest, anyRevision],
  });
}

/**
 * Finding jobs and following them, for which Batch knows no resources.
 *
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsbatch.html
 */
export function watchStatement(): PolicyStatement {
  return new PolicyStatement({
    sid: 'WatchJobs',
    actions: ['batch:DescribeJobs', 'batch:ListJobs'],
    resources: ['*'],
  });
}

function submitAccess(queue: JobQueue, definition: EcsJobDefinition, stack: Stack): PolicyStatement[] {
  return [
    submitStatement(queue, definition, stack),
    new PolicyStatement({
      sid: 'EndJobs',
      actions: ['batch:TerminateJob'],
      resources: [stack.formatArn({ service: 'batch', resource: 'job', resourceName: '*' })],
    }),
    new PolicyStatement({
      sid: 'CheckQueues',
      actions: ['batch:DescribeJobQueues', 'batch:DescribeJobDefinitions'],
      resources: ['*'],
    }),
    watchStatement(),
  ];
}

const MAX_ATTEMPTS = 5;
const TIMEOUT = Duration.hours(24);

function createJob(scope: Construct, name: string, props: BatchJobsProps, size: JobSize) {
  const role = new Role(scope, `${name}Role`, {
    assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com'),
    description: `What pitwall ${name.toLowerCase()} may do on Batch`,
  });
  const definition = new EcsJobDefinition(scope, `${name}Job`, {
    container: createContainer(scope, name, props, size, role),
    retryAttempts: MAX_ATTEMPTS,
    retryStrategies: RETRIES.map(([action, reason]) => RetryStrategy.of(action, Reason.custom(reason))),
    timeout: TIMEOUT,
    propagateTags: true,
  });
  return { role, definition };
}

/**
 * The first that matches decides, and five is the most. 75 is ours for "run it again"; 130 to 139 are deaths by a signal
 * (137: out of the container's memory), 143 is SIGTERM. Whatever else failed would fail again.
 *
 * @see https://docs.aws.amazon.com/batch/latest/APIReference/API_EvaluateOnExit.html
 */
const RETRIES: readonly (readonly [Action, Parameters<typeof Reason.custom>[0]])[] = [
  [Action.RETRY, { onStatusReason: 'Host EC2*' }],
  [Action.RETRY, { onExitCode: '75' }],
  [Action.RETRY, { onExitCode: '13*' }],
  [Action.RETRY, { onExitCode: '143' }],
  [Action.EXIT, { onReason: '*' }],
];

function createContainer(
  scope: Construct,
  name: string,
  { image, logs, settings }: BatchJobsProps,
  { vcpus, memoryMiB }: JobSize,
  jobRole: Role,
): EcsEc2ContainerDefinition {
  return new EcsEc2ContainerDefinition(scope, `${name}Container`, {
    image: ContainerImage.fromEcrRepository(image, settings.imageTag),
    command: ['--version'],
    cpu: vcpus,
    memory: Size.mebibytes(memoryMiB),
    jobRole,
    logging: LogDriver.awsLogs({ logGroup: logs, streamPrefix: name.toLowerCase() }),
    user: '1000:1000',
    readonlyRootFilesystem: true,
    volumes: [
      EcsVolume.host({ name: 'scratch', hostPath: SCRATCH, containerPath: SCRATCH, readonly: false }),
    ],
    environment: { TMPDIR: SCRATCH, NODE_COMPILE_CACHE: `${SCRATCH}/compile-cache` },
    // An init process passes SIGTERM on, and buries what is left of worker processes.
    linuxParameters: new LinuxParameters(scope, `${name}Linux`, { initProcessEnabled: true }),
  });
}
