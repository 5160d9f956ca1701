import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readUserConfig, userConfigPath } from '../../src/job/user-config.ts';
import { diagnose, GOOD_SQL, GOOD_YAML, readGoodJob, writeFolder } from './job-folder.ts';

const FREE = { vcpuHour: 0, gbHour: 0, machineHour: 0, request: 0, vcpus: undefined, memoryBytes: undefined };

function withPrices(prices: string): Record<string, string> {
  return { 'job.yaml': `${GOOD_YAML}${prices}\n`, 'sales.sql': GOOD_SQL };
}

describe('the prices of a job', () => {
  test('are by engine, and what is not said costs nothing', async () => {
    const { job } = await readGoodJob(
      withPrices('prices: { batch: { vcpu_hour: 0.04, vcpus: 4, memory: 16GB }, local: {} }'),
    );
    expect(job.prices).toEqual({
      batch: { ...FREE, vcpuHour: 0.04, vcpus: 4, memoryBytes: 16e9 },
      local: FREE,
    });
    expect((await readGoodJob(withPrices(''))).job.prices).toEqual({});
  });

  test.each([
    [
      'prices: { batch: { vcpu_hour: -1 } }',
      'job.yaml:13:31: error: prices.batch.vcpu_hour: expected an amount of dollars from 0, got -1',
    ],
    [
      'prices: { batch: { memory: lots } }',
      'job.yaml:13:28: error: prices.batch.memory: expected a size like 16GB, got the text "lots"',
    ],
    [
      'prices: { batch: { gbhour: 1 } }',
      'job.yaml:13:20: error: unknown key "gbhour" in prices.batch; did you mean "gb_hour"?',
    ],
    [
      'prices: { "A b": {} }',
      'job.yaml:13:11: error: prices.A b: expected the name of an engine, like local or batch',
    ],
  ])('%s is refused', async (prices, message) => {
    expect(await diagnose(withPrices(prices))).toEqual([message]);
  });
});

describe("a user's own settings", () => {
  const read = (text: string) => readUserConfig(join(writeFolder({ 'config.yaml': text }), 'config.yaml'));

  test('hold prices', async () => {
    expect(await read('prices: { local: { machine_hour: 0.4 } }\n')).toEqual({
      prices: { local: { ...FREE, machineHour: 0.4 } },
    });
  });

  test('may be empty or not there', async () => {
    expect(await read('\n')).toEqual({ prices: {} });
    expect(await readUserConfig('/no/such/config.yaml')).toEqual({ prices: {} });
  });

  test('lie where XDG_CONFIG_HOME says, or below ~/.config', () => {
    expect(userConfigPath({ XDG_CONFIG_HOME: '/x' })).toBe('/x/pitwall/config.yaml');
    expect(userConfigPath({})).toMatch(/\/\.config\/pitwall\/config\.yaml$/);
  });

  test.each([
    [
      'prices: { local: { vcpu_hour: x } }',
      /^.*config\.yaml:1:31: prices\.local\.vcpu_hour: expected an amount of dollars$/,
    ],
    ['price: {}', /^.*config\.yaml:1:1: the file: Unrecognized key: "price"$/],
    ['a: 1\na: 2', /^.*config\.yaml:2:1: the key stands here a second time; remove one of the two$/],
  ])('that are wrong are refused: %j', async (text, message) => {
    const error = await read(text).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ kind: 'usage' });
    expect(String(error)).toMatch(message);
  });
});
