import { ArnFormat, CfnOutput, Stack } from 'aws-cdk-lib';
import { CfnApplication } from 'aws-cdk-lib/aws-emrserverless';
import { CfnJob } from 'aws-cdk-lib/aws-glue';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { dataAccess } from './data-access.ts';
import type { Settings } from './settings.ts';

export interface SparkJobsProps {
  readonly bucket: IBucket;
  readonly logs: ILogGroup;
  readonly settings: Settings;
}

/** Where `docs/aws.md` has the archive of `pitwall pack`, and the scripts in it, uploaded to. */
const PLACE = 'pitwall';
const EXAMPLE = 'run race_stats';

/** Jobs for the Spark of EMR Serverless and of Glue: both run the archive, and cost nothing while they do not run. */
export function createSparkJobs(scope: Construct, { bucket, logs, settings }: SparkJobsProps): void {
  const role = createRole(scope, { bucket, logs, settings });
  createEmrApplication(scope, bucket, role);
  createGlueJob(scope, bucket, role);
}

function createRole(scope: Construct, { bucket, logs, settings }: SparkJobsProps): Role {
  const role = new Role(scope, 'SparkRole', {
    assumedBy: new ServicePrincipal('emr-serverless.amazonaws.com'),
    description: 'What Pitwall may do on EMR Serverless and Glue',
  });
  role.assumeRolePolicy?.addStatements(
    new PolicyStatement({
      actions: ['sts:AssumeRole'],
      principals: [new ServicePrincipal('glue.amazonaws.com')],
    }),
  );
  for (const statement of dataAccess(bucket, settings.inputBuckets)) role.addToPolicy(statement);
  logs.grantWrite(role);
  role.addToPolicy(writeServiceLogs(Stack.of(scope)));
  return role;
}

/** Groups that the services name, and make, themselves. */
function writeServiceLogs(stack: Stack): PolicyStatement {
  const group = (resourceName: string) =>
    stack.formatArn({
      service: 'logs',
      resource: 'log-group',
      resourceName,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
  return new PolicyStatement({
    sid: 'WriteServiceLogs',
    actions: ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'],
    resources: [group('/aws-glue/jobs/*'), group('/aws/emr-serverless*')],
  });
}

/** Stops by itself, and starts when a job comes. https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/ */
function createEmrApplication(scope: Construct, bucket: IBucket, role: Role): void {
  const application = new CfnApplication(scope, 'Spark', {
    name: 'pitwall',
    type: 'SPARK',
    releaseLabel: 'emr-7.9.0',
    architecture: 'X86_64',
    autoStartConfiguration: { enabled: true },
    autoStopConfiguration: { enabled: true, idleTimeoutMinutes: 5 },
    maximumCapacity: { cpu: '400 vCPU', memory: '3000 GB', disk: '20000 GB' },
  });
  const job = {
    applicationId: application.attrApplicationId,
    executionRoleArn: role.roleArn,
    name: EXAMPLE,
    jobDriver: { sparkSubmit: sparkSubmit(bucket) },
  };
  new CfnOutput(scope, 'EmrServerlessJob', {
    description: 'For: aws emr-serverless start-job-run --cli-input-json',
    value: Stack.of(scope).toJsonString(job),
  });
}

const EXECUTOR_CORES = 8;
const EXECUTOR_MEMORY_GB = 4;
/** Tasks of Pitwall live beside the heap. */
const OVERHEAD_GB = 40;
const TASK_CPUS = 4;
const DUCKDB_SHARE = 0.6;

/** Two tasks at once in an executor; DuckDB may use its share of what each has beside the heap. */
function sparkSubmit(bucket: IBucket) {
  const tasks = EXECUTOR_CORES / TASK_CPUS;
  const settings = {
    'spark.archives': `${bucket.s3UrlForObject(`${PLACE}/pitwall.tar.gz`)}#pitwall`,
    'spark.executor.cores': String(EXECUTOR_CORES),
    'spark.executor.memory': `${EXECUTOR_MEMORY_GB}g`,
    'spark.executor.memoryOverhead': `${OVERHEAD_GB}g`,
    'spark.task.cpus': String(TASK_CPUS),
    'spark.emr-serverless.executor.disk': '200g',
  };
  return {
    entryPoint: bucket.s3UrlForObject(`${PLACE}/pitwall_spark.py`),
    entryPointArguments: [
      ...EXAMPLE.split(' '),
      '--set',
      `source=${bucket.s3UrlForObject('incoming')}`,
      '--set',
      `out=${bucket.s3UrlForObject('results')}`,
      '--memory',
      `${Math.floor((OVERHEAD_GB / tasks) * DUCKDB_SHARE)}GB`,
    ],
    sparkSubmitParameters: Object.entries(settings)
      .map(([name, value]) => `--conf ${name}=${value}`)
      .join(' '),
  };
}

/** Of 8 processors and 32 GB that a G.2X worker has, Spark's heap takes 20 GB; the rest is for two tasks at once. */
const GLUE_TASK_CPUS = 4;
const GLUE_DUCKDB_GB = Math.floor(((32 - 20) / (8 / GLUE_TASK_CPUS)) * DUCKDB_SHARE);

/** https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-arguments.html */
function createGlueJob(scope: Construct, bucket: IBucket, role: Role): void {
  const at = (name: string) => bucket.s3UrlForObject(`${PLACE}/${name}`);
  const job = new CfnJob(scope, 'Glue', {
    description: 'Pitwall on the Spark of Glue',
    role: role.roleArn,
    glueVersion: '5.0',
    workerType: 'G.2X',
    numberOfWorkers: 10,
    timeout: 240,
    executionProperty: { maxConcurrentRuns: 1 },
    command: { name: 'glueetl', pythonVersion: '3', scriptLocation: at('pitwall_glue.py') },
    defaultArguments: {
      '--extra-py-files': at('pitwall_spark.py'),
      '--pitwall-archive': at('pitwall.tar.gz'),
      '--pitwall': `${EXAMPLE} --set source=${bucket.s3UrlForObject('incoming')} --set out=${bucket.s3UrlForObject('results')} --memory ${GLUE_DUCKDB_GB}GB`,
      '--conf': `spark.task.cpus=${GLUE_TASK_CPUS}`,
      '--enable-continuous-cloudwatch-log': 'true',
      '--enable-metrics': 'true',
    },
  });
  new CfnOutput(scope, 'GlueJob', { value: job.ref });
}
