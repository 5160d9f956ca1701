import { Duration } from 'aws-cdk-lib';
import type { JobQueue } from 'aws-cdk-lib/aws-batch';
import { Alarm, ComparisonOperator, type IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { EventField, Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { SnsTopic } from 'aws-cdk-lib/aws-events-targets';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { runMetric } from './run-metrics.ts';

export interface AlarmsProps {
  readonly topic: ITopic;
  readonly runs: IFunction;
  readonly queue: JobQueue;
  readonly lost: IQueue;
}

const FIVE_MINUTES = Duration.minutes(5);
/** A run of the function that takes longer is about to be cut off. */
const LONG_RUN = Duration.minutes(12);
const MANY_RETRIES = 100;

/** Tells the topic what nobody looks at otherwise. */
export function createAlarms(scope: Construct, props: AlarmsProps): Alarm[] {
  tellFailedJobs(scope, props);
  const alarms = alarmsOf(props).map(
    ({ id, ...rest }) =>
      new Alarm(scope, id, {
        ...rest,
        evaluationPeriods: 1,
        comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treatMissingData: TreatMissingData.NOT_BREACHING,
      }),
  );
  for (const alarm of alarms) alarm.addAlarmAction(new SnsAction(props.topic));
  return alarms;
}

interface AlarmSpec {
  readonly id: string;
  readonly alarmDescription: string;
  readonly metric: IMetric;
  readonly threshold: number;
}

function alarmsOf({ runs, lost }: AlarmsProps): AlarmSpec[] {
  return [
    {
      id: 'RunsFail',
      alarmDescription: 'A run of Pitwall failed: pitwall runs tells which, pitwall show why',
      metric: runMetric('Failed', 'SUM', FIVE_MINUTES),
      threshold: 1,
    },
    {
      id: 'TasksAreRetriedOften',
      alarmDescription: 'Many tasks were run again: throttling, Spot interruptions, or too little memory',
      metric: runMetric('Retries', 'SUM', FIVE_MINUTES),
      threshold: MANY_RETRIES,
    },
    {
      id: 'FunctionFails',
      alarmDescription: 'The function could not handle an event; its log says why',
      metric: runs.metricErrors({ statistic: 'Sum', period: FIVE_MINUTES }),
      threshold: 1,
    },
    {
      id: 'FunctionIsThrottled',
      alarmDescription: 'Events wait because the function may not run more often at once',
      metric: runs.metricThrottles({ statistic: 'Sum', period: FIVE_MINUTES }),
      threshold: 1,
    },
    {
      id: 'FunctionRunsLong',
      alarmDescription:
        'A run in the function comes near its 15 minutes; lower what it takes, see docs/aws.md',
      metric: runs.metricDuration({ statistic: 'Maximum', period: FIVE_MINUTES }),
      threshold: LONG_RUN.toMilliseconds(),
    },
    {
      id: 'EventsAreLost',
      alarmDescription:
        'Events that nobody could handle wait in the queue of lost ones; redrive or delete them',
      metric: lost.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum', period: FIVE_MINUTES }),
      threshold: 1,
    },
  ];
}

/** Batch has no metrics of its jobs. Children of arrays tell through their parent. */
function tellFailedJobs(scope: Construct, { queue, topic }: AlarmsProps): void {
  const name = EventField.fromPath('$.detail.jobName');
  const id = EventField.fromPath('$.detail.jobId');
  const reason = EventField.fromPath('$.detail.statusReason');
  // The construct would open a topic of the stack to rules of every account.
  const imported = Topic.fromTopicArn(scope, 'TopicOfRules', topic.topicArn);
  new Rule(scope, 'JobsFail', {
    description: 'Jobs of Pitwall that Batch gave up',
    eventPattern: {
      source: ['aws.batch'],
      detailType: ['Batch Job State Change'],
      detail: {
        status: ['FAILED'],
        jobQueue: [queue.jobQueueArn],
        arrayProperties: { index: [{ exists: false }] },
      },
    },
    targets: [
      new SnsTopic(imported, {
        message: RuleTargetInput.fromText(`The Batch job ${name} (${id}) of Pitwall failed: ${reason}`),
      }),
    ],
  });
}
