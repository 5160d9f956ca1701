import { describe, expect, test } from 'vitest';
import { FULL, onlyOf, type Resource, resourcesOf, synthesise } from './synth.ts';

const { pitwall } = synthesise(FULL);

function ruleOf(prefix: string): Resource {
  const found = [...resourcesOf(pitwall, 'AWS::Events::Rule')].find(([name]) => name.startsWith(prefix));
  if (found === undefined) throw new Error(`no rule ${prefix}`);
  return found[1];
}

describe('what makes the function run', () => {
  test('a schedule gives job and parameters, with the name of the bucket in them', () => {
    const { Properties } = ruleOf('Schedule');
    expect(Properties.ScheduleExpression).toBe('cron(0 4 * * ? *)');
    const [target] = Properties.Targets as readonly { Input: unknown }[];
    expect(target?.Input).toEqual({
      'Fn::Join': [
        '',
        ['{"job":"race_stats","params":{"out":"s3://', { Ref: expect.stringMatching(/^Data/) }, '/out"}}'],
      ],
    });
  });

  test('objects written below the fixed part of each trigger go to a queue', () => {
    const { EventPattern, Targets } = ruleOf('ObjectsWritten').Properties;
    expect(EventPattern).toMatchObject({
      source: ['aws.s3'],
      'detail-type': ['Object Created'],
      detail: { object: { key: [{ prefix: 'incoming/year=' }, { prefix: 'orders/' }] } },
    });
    expect(JSON.stringify(Targets)).toMatch(/Writes/);
  });

  test('the bucket tells EventBridge of its objects, without a function that may change every bucket', () => {
    expect(onlyOf(pitwall, 'AWS::S3::Bucket').Properties.NotificationConfiguration).toEqual({
      EventBridgeConfiguration: { EventBridgeEnabled: true },
    });
    expect(resourcesOf(pitwall, 'AWS::Lambda::Function').size).toBe(1);
  });

  test('a message is hidden for longer than the function may take, and kept when it never succeeds', () => {
    const writes = [...resourcesOf(pitwall, 'AWS::SQS::Queue')].find(([name]) =>
      name.startsWith('Writes'),
    )?.[1];
    const { Timeout } = onlyOf(pitwall, 'AWS::Lambda::Function').Properties;
    expect(writes?.Properties.VisibilityTimeout).toBeGreaterThan(Number(Timeout));
    expect(writes?.Properties.RedrivePolicy).toMatchObject({ maxReceiveCount: 5 });
    expect(onlyOf(pitwall, 'AWS::Lambda::EventSourceMapping').Properties).toMatchObject({
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 2 },
    });
  });

  test('the function knows its triggers, its queue and the job that it hands large runs to', () => {
    const { Variables } = onlyOf(pitwall, 'AWS::Lambda::Function').Properties.Environment as {
      Variables: Record<string, unknown>;
    };
    expect(Object.keys(Variables).sort()).toEqual([
      'PITWALL_BATCH_JOB_DEFINITION',
      'PITWALL_BATCH_QUEUE',
      'PITWALL_TRIGGERS',
    ]);
    expect(JSON.stringify(Variables.PITWALL_TRIGGERS)).toContain('/incoming/year={year}/');
  });
});

describe('what is told of failures', () => {
  test('every alarm tells the topic', () => {
    const alarms = [...resourcesOf(pitwall, 'AWS::CloudWatch::Alarm').values()];
    expect(alarms.length).toBeGreaterThan(0);
    for (const { Properties } of alarms)
      expect(Properties.AlarmActions).toEqual([{ Ref: expect.stringMatching(/^Notices/) }]);
  });

  test('alarms can publish to the topic and use its key', () => {
    const policies = JSON.stringify([
      onlyOf(pitwall, 'AWS::SNS::TopicPolicy').Properties,
      onlyOf(pitwall, 'AWS::KMS::Key').Properties,
    ]);
    expect(policies.match(/cloudwatch\.amazonaws\.com/g)).toHaveLength(2);
  });

  test('a job that Batch gave up is told once, not for each child of an array', () => {
    expect(ruleOf('JobsFail').Properties.EventPattern).toMatchObject({
      detail: { status: ['FAILED'], arrayProperties: { index: [{ exists: false }] } },
    });
  });

  test('the address that is to be told is subscribed', () => {
    expect(onlyOf(pitwall, 'AWS::SNS::Subscription').Properties).toMatchObject({
      Protocol: 'email',
      Endpoint: 'races@example.com',
    });
  });
});
