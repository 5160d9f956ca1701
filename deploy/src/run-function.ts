import { CfnOutput, Duration, Size, Stack } from 'aws-cdk-lib';
import type { EcsJobDefinition, JobQueue } from 'aws-cdk-lib/aws-batch';
import type { IRepository } from 'aws-cdk-lib/aws-ecr';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { DockerImageCode, DockerImageFunction } from 'aws-cdk-lib/aws-lambda';
import { SnsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { submitStatement, watchStatement } from './batch-jobs.ts';
import { dataAccess } from './data-access.ts';
import { triggersFor } from './job-params.ts';
import type { Settings } from './settings.ts';

export interface RunFunctionProps {
  readonly image: IRepository;
  readonly bucket: IBucket;
  readonly logs: ILogGroup;
  readonly topic: ITopic;
  readonly queue: JobQueue;
  /** What a run that does not fit is handed to. */
  readonly runJob: EcsJobDefinition;
  readonly settings: Settings;
}

/** Lambda's most. */
export const FUNCTION_TIMEOUT = Duration.minutes(15);
export const LAMBDA_ENTRY = { entrypoint: ['/lambda-entrypoint.sh'], cmd: ['dist/lambda.handler'] };

/** The function that runs small jobs, and hands what will not fit to Batch. */
export function createRunFunction(scope: Construct, props: RunFunctionProps): DockerImageFunction {
  const { image, bucket, logs, topic, queue, runJob, settings } = props;
  const runs = new DockerImageFunction(scope, 'Runs', {
    description: 'Runs Pitwall jobs for events and schedules',
    code: DockerImageCode.fromEcr(image, { tagOrDigest: settings.imageTag, ...LAMBDA_ENTRY }),
    role: createRole(scope, props),
    timeout: FUNCTION_TIMEOUT,
    memorySize: settings.lambdaMemoryMiB,
    ephemeralStorageSize: Size.mebibytes(settings.lambdaDiskMiB),
    logGroup: logs,
    retryAttempts: 2,
    maxEventAge: Duration.hours(6),
    onFailure: new SnsDestination(topic),
    environment: {
      PITWALL_BATCH_QUEUE: queue.jobQueueArn,
      PITWALL_BATCH_JOB_DEFINITION: runJob.jobDefinitionName,
      PITWALL_TRIGGERS: Stack.of(scope).toJsonString(triggersFor(bucket, settings.triggers)),
    },
  });
  new CfnOutput(scope, 'FunctionName', { value: runs.functionName });
  return runs;
}

/** The managed policy would let it write every log group. */
function createRole(scope: Construct, { bucket, logs, queue, runJob, settings }: RunFunctionProps): Role {
  const role = new Role(scope, 'RunsRole', {
    assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    description: 'What the function of Pitwall may do',
  });
  for (const statement of dataAccess(bucket, settings.inputBuckets)) role.addToPolicy(statement);
  role.addToPolicy(submitStatement(queue, runJob, Stack.of(scope)));
  role.addToPolicy(watchStatement());
  logs.grantWrite(role);
  return role;
}
