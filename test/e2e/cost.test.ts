import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { pitwall, pitwallOk } from './pitwall.ts';
import { jobWorkspace, writeFiles } from './workspace.ts';

/** The job of shops with prices, and settings of the user's own. */
async function pricedWorkspace(
  prices: string,
  settings = '',
): Promise<{ cwd: string; env: NodeJS.ProcessEnv }> {
  const cwd = await jobWorkspace('shops');
  const yaml = await readFile(join(cwd, 'job/job.yaml'), 'utf8');
  await writeFiles(cwd, { 'job/job.yaml': `${yaml}\n${prices}\n`, 'home/pitwall/config.yaml': settings });
  return { cwd, env: { XDG_CONFIG_HOME: join(cwd, 'home') } };
}

it('a plan tells what it costs on each engine whose price is known, the job before the user', async () => {
  const space = await pricedWorkspace(
    'prices: { batch: { request: 2 } }',
    'prices: { batch: { request: 7 }, lambda: { request: 3 } }\n',
  );
  const { cost } = JSON.parse(await pitwallOk(['plan', './job', '--json'], space));
  expect(cost.map(({ engine, dollars }: { engine: string; dollars: number }) => [engine, dollars])).toEqual([
    ['local', null],
    ['batch', 2],
    ['lambda', 3],
  ]);
  expect(await pitwallOk(['plan', './job'], space)).toMatch(
    /\ncost, estimated\n {2}local: .* GB-hours\n {2}batch: \$2, /,
  );
});

it('--max-cost refuses before anything is begun, with the estimate and the limit', async () => {
  const space = await pricedWorkspace('prices: { local: { request: 5 } }');
  const refused = await pitwall(['run', './job', '--max-cost', '4.50'], space);
  expect(refused).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(
      /^pitwall: the run is estimated to cost \$5 \(.* vCPU-hours, .* GB-hours on local\), more than --max-cost 4\.5; narrow it or raise the limit$/m,
    ),
  });
  expect(JSON.parse(await pitwallOk(['runs', './job', '--json'], space))).toEqual({ runs: [] });
  const { cost } = JSON.parse(await pitwallOk(['run', './job', '--max-cost', '$5', '--json'], space));
  expect(cost).toEqual({
    estimate: { vcpu_hours: expect.any(Number), gb_hours: expect.any(Number), dollars: 5 },
    actual: { vcpu_hours: expect.any(Number), gb_hours: expect.any(Number), dollars: 5 },
  });
});

it('--max-cost says small amounts without an exponent', async () => {
  const space = await pricedWorkspace('prices: { local: { request: 0.00000037 } }');
  const { code, stderr } = await pitwall(['run', './job', '--max-cost', '0.0000001'], space);
  expect(code).toBe(2);
  expect(stderr).toMatch(/estimated to cost \$0\.00000037 \(.*\), more than --max-cost 0\.0000001; /);
});

it('--max-cost without a price, and no amount, are mistakes of the command line', async () => {
  const space = await pricedWorkspace('');
  const unknown = await pitwall(['run', './job', '--max-cost', '1'], space);
  expect(unknown.code).toBe(2);
  expect(unknown.stderr).toContain(
    '--max-cost 1: no price is known for the engine local; add it to "prices" of ',
  );
  const wrong = await pitwall(['run', './job', '--max-cost', 'much'], space);
  expect(wrong).toMatchObject({
    code: 2,
    stderr: 'pitwall: --max-cost expects an amount of dollars such as 2.50, got "much"\n',
  });
});
