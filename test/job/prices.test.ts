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
      'prices: { batch: { vcpu_hour: x } }',
      'job.yaml:13:31: error: prices.batch.vcpu_hour: expected a number, got the text "x"',
    ],
    ['prices: { locl: {} }', 'job.yaml:13:11: error: prices.locl: unknown engine; did you mean "local"?'],
    [
      'prices: { moon: {} }',
      'job.yaml:13:11: error: prices.moon: unknown engine; expected local, slurm, spark, batch or lambda',
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
      /^.*config\.yaml:1:31: prices\.local\.vcpu_hour: expected a number, got the text "x"$/,
    ],
    [
      'prices: { local: { request: -1 } }',
      /^.*config\.yaml:1:29: prices\.local\.request: expected an amount of dollars from 0, got -1$/,
    ],
    [
      'prices: { local: { gbhour: 1 } }',
      /^.*config\.yaml:1:20: unknown key "gbhour" in prices\.local; did you mean "gb_hour"\?$/,
    ],
    ['prices: { locl: {} }', /^.*config\.yaml:1:11: prices\.locl: unknown engine; did you mean "local"\?$/],
    ['prices: [local]', /^.*config\.yaml:1:9: prices: expected a map of keys, got a list$/],
    ['price: {}', /^.*config\.yaml:1:1: unknown key "price" in the file; did you mean "prices"\?$/],
    ['a: 1\na: 2', /^.*config\.yaml:2:1: the key stands here a second time; remove one of the two$/],
  ])('that are wrong are refused: %j', async (text, message) => {
    const error = await read(text).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ kind: 'usage' });
    expect(String(error)).toMatch(message);
  });
});
