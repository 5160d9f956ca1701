import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule as RuleSchedule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { LambdaFunction, SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { fixedPrefix, paramsFor } from './job-params.ts';
import { FUNCTION_TIMEOUT } from './run-function.ts';
import type { Schedule, Settings } from './settings.ts';

export interface RunEventsProps {
  readonly bucket: IBucket;
  readonly runs: IFunction;
  readonly settings: Settings;
}

/** What makes the function run: the clock, and objects that are written. Gives the queue of what could not be handled. */
export function createRunEvents(scope: Construct, props: RunEventsProps): Queue {
  const { settings } = props;
  const lost = new Queue(scope, 'Lost', {
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    retentionPeriod: Duration.days(14),
  });
  for (const schedule of settings.schedules) runAtTimes(scope, props, schedule, lost);
  if (settings.triggers.length > 0) runAtWrites(scope, props, lost);
  return lost;
}

function runAtTimes(
  scope: Construct,
  { bucket, runs }: RunEventsProps,
  schedule: Schedule,
  lost: Queue,
): void {
  const { name, job, params } = schedule;
  const event = RuleTargetInput.fromObject({ job, params: paramsFor(bucket, params) });
  new Rule(scope, `Schedule-${name}`, {
    description: `Runs ${job}`,
    schedule: RuleSchedule.expression(schedule.schedule),
    targets: [new LambdaFunction(runs, { event, deadLetterQueue: lost, retryAttempts: 3 })],
  });
}

/** Many files that arrive together are one run, or a few. */
const GATHERED = Duration.minutes(1);
const MOST_EVENTS = 1000;
const MAX_DELIVERIES = 5;
/** One run of a job is at work at a time; a second can wait for it. */
const MOST_AT_ONCE = 2;

/**
 * Through a queue: its messages come again while a run says "temporary", for longer than Lambda's own two retries, and
 * what never succeeds is kept.
 */
function runAtWrites(scope: Construct, { bucket, runs, settings }: RunEventsProps, lost: Queue): void {
  const writes = new Queue(scope, 'Writes', {
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    visibilityTimeout: FUNCTION_TIMEOUT.plus(GATHERED),
    deadLetterQueue: { queue: lost, maxReceiveCount: MAX_DELIVERIES },
  });
  new Rule(scope, 'ObjectsWritten', {
    description: 'Objects written where a job of Pitwall looks for them',
    eventPattern: {
      source: ['aws.s3'],
      detailType: ['Object Created'],
      detail: {
        bucket: { name: [bucket.bucketName] },
        object: { key: settings.triggers.map((trigger) => ({ prefix: fixedPrefix(trigger) })) },
      },
    },
    targets: [new SqsQueue(writes, { deadLetterQueue: lost })],
  });
  runs.addEventSource(
    new SqsEventSource(writes, {
      batchSize: MOST_EVENTS,
      maxBatchingWindow: GATHERED,
      maxConcurrency: MOST_AT_ONCE,
      reportBatchItemFailures: true,
    }),
  );
}
