import { App } from 'aws-cdk-lib';
import { describe, expect, test } from 'vitest';
import { type Settings, settingsOf } from '../src/settings.ts';
import { CONTEXT, FULL } from './synth.ts';

function read(context: Readonly<Record<string, unknown>>): Settings {
  return settingsOf(new App({ context: { ...CONTEXT, ...context } }).node);
}

describe('the settings', () => {
  test('of cdk.json are complete', () => {
    expect(read({})).toMatchObject({ spot: true, maxVcpus: 256, schedules: [], network: undefined });
  });

  test('are read with everything that they can hold', () => {
    expect(read(FULL).triggers[0]).toEqual({
      prefix: 'incoming/year={year}/',
      job: 'race_stats',
      params: { source: 's3://{bucket}/incoming' },
    });
  });

  test('may come from the command line as texts', () => {
    const triggers = '[{"prefix":"orders/","job":"sales"}]';
    expect(read({ maxVcpus: '64', spot: 'false', triggers })).toMatchObject({
      maxVcpus: 64,
      spot: false,
      triggers: [{ prefix: 'orders/', job: 'sales', params: {} }],
    });
  });

  test('that are wrong are all named at once', () => {
    const wrong = {
      maxVcpus: 0,
      spot: 'often',
      run: { vcpus: 4 },
      schedules: [{ name: 'a', schedule: 'daily', job: 'x' }],
    };
    expect(() => read(wrong)).toThrow(
      'the settings of cdk.json or -c are wrong: maxVcpus: expected a whole number from 1 to 100000, got 0; ' +
        'spot: expected true or false, got "often"; ' +
        'run.memoryMiB: expected a whole number from 1024 to 4194304, got nothing; ' +
        'schedules[0].schedule: expected a text like /^(cron|rate)\\(.+\\)$/, got "daily"',
    );
  });

  test.each(['results/_pitwall/', '/incoming/', 'incoming', 'in*/'])(
    'refuse the trigger prefix %s',
    (prefix) => {
      expect(() => read({ triggers: [{ prefix, job: 'sales' }] })).toThrow('triggers[0].prefix');
    },
  );
});
