import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { useMoto, WITHOUT_MOTO } from '../../aws/moto.ts';
import { pitwall } from '../../e2e/pitwall.ts';
import { readPublished, writeFiles } from '../../e2e/workspace.ts';
import { start } from '../processes.ts';
import { A_TASK_EACH, lapsOf, lapsPath, runIds, seasonsWorkspace, smallTasks } from '../seasons-job.ts';
import { type BatchFleet, startBatchFleet } from './batch-fleet.ts';
import { testEngine } from './contract.ts';
import { stoppedTasks } from './engine-rig.ts';

const SEASONS = [2001, 2002, 2003];

describe.skipIf(WITHOUT_MOTO !== undefined)(`with AWS Batch of moto ${WITHOUT_MOTO ?? ''}`, () => {
  const moto = useMoto();
  let started: BatchFleet | undefined;

  function fleet(): BatchFleet {
    if (started === undefined) throw new Error('the fleet has not been started');
    return started;
  }

  beforeAll(async () => {
    started = await startBatchFleet(moto());
  });
  afterAll(() => started?.stop());

  testEngine('batch', () => ({
    args: fleet().args,
    env: fleet().env,
    killExecutor: async (pid) => fleet().killHostOf(pid),
  }));

  describe('the engine batch', () => {
    const run = async (cwd: string, ...more: string[]) => [
      ...(await smallTasks(cwd, A_TASK_EACH)),
      ...fleet().args,
      ...more,
      '--json',
    ];

    const jobsOf = (cwd: string) =>
      fleet().jobs.filter(({ request }) => request.containerOverrides.command[1]?.startsWith(`${cwd}/`));

    test('makes one array job of a step, and a job that is none of a single task', async () => {
      const cwd = await seasonsWorkspace(SEASONS);
      const before = fleet().calls.get('/v1/terminatejob') ?? 0;
      const { code, stderr } = await pitwall(await run(cwd), { cwd, env: fleet().env });
      expect(code, stderr).toBe(0);
      // What has ended is not called off: Batch would tell of a failure.
      expect(fleet().calls.get('/v1/terminatejob') ?? 0).toBe(before);
      const [totals, checks] = jobsOf(cwd).map(({ request }) => request);
      expect(totals?.arrayProperties).toEqual({ size: SEASONS.length });
      expect(totals?.containerOverrides.command.slice(2, 5)).toEqual(['totals', '--array', '0-2']);
      expect(checks?.arrayProperties).toBeUndefined();
      expect(checks?.containerOverrides.command.slice(2, 4)).toEqual(['checks', '0']);
    });

    test('gives tasks what is asked for, DuckDB a part of the memory', async () => {
      const cwd = await seasonsWorkspace(SEASONS);
      const asked = await run(cwd, '--threads', '3', '--memory', '600MB');
      const { code, stderr } = await pitwall(asked, { cwd, env: fleet().env });
      expect(code, stderr).toBe(0);
      const [{ request } = {}] = jobsOf(cwd);
      expect(request?.containerOverrides.resourceRequirements).toEqual([
        { type: 'VCPU', value: '3' },
        { type: 'MEMORY', value: String(Math.ceil(1e9 / 2 ** 20)) },
      ]);
      expect(request?.containerOverrides.command.slice(-4)).toEqual([
        '--threads',
        '3',
        '--memory',
        '600000000',
      ]);
    });

    test('leaves a task to Batch that a Spot interruption stops: it is run again in the same job', async () => {
      const cwd = await seasonsWorkspace(SEASONS);
      const fault = { PITWALL_FAULT: 'SIGSTOP@task: inputs loaded', PITWALL_FAULT_ONCE: join(cwd, 'once') };
      const running = start(await run(cwd), { cwd, env: { ...fleet().env, ...fault } });
      const [stopped] = await stoppedTasks(running, cwd, 1);
      fleet().interruptHostOf(stopped?.pid ?? 0);
      process.kill(stopped?.pid ?? 0, 'SIGCONT');
      const { code, stderr } = await running.outcome;
      expect(code, stderr).toBe(0);
      const [totals] = jobsOf(cwd);
      expect(totals?.children.map(({ attempt }) => attempt).sort()).toEqual([1, 1, 2]);
      expect(jobsOf(cwd)).toHaveLength(2);
    });

    test('goes on when Batch asks it to come later', async () => {
      const cwd = await seasonsWorkspace(SEASONS);
      fleet().throttle(3);
      const { code, stderr } = await pitwall(await run(cwd), { cwd, env: fleet().env });
      expect(code, stderr).toBe(0);
      expect(Object.keys(await readPublished(join(cwd, 'results')))).toHaveLength(SEASONS.length);
    });

    test('hands only what is missing over again, also with gaps', async () => {
      const cwd = await seasonsWorkspace([2001, 2002, 2003, 2004, 2005]);
      // The largest come first: the bad ones are the second and the fourth.
      for (const [place, season] of [2001, 2002, 2003, 2004, 2005].entries()) {
        const laps = lapsOf(season, { rows: 60 - 5 * place });
        const isBad = place % 2 === 1;
        await writeFiles(cwd, {
          [lapsPath(season)]: isBad ? laps.replace('\n3,driver', '\nthree,driver') : laps,
        });
      }
      for (let runs = 0; runs < 2; runs++) {
        const { code, stderr } = await pitwall(await run(cwd), { cwd, env: fleet().env });
        expect(code, stderr).toBe(1);
      }
      const handedOver = jobsOf(cwd).map(({ request }) => request.containerOverrides.command.slice(2, 5));
      expect(handedOver.filter(([step]) => step === 'totals')).toEqual([
        ['totals', '--array', '0-4'],
        ['totals', '--array', '1,3'],
      ]);
      expect(await runIds(cwd)).toHaveLength(1);
    });

    test.each([
      [['--batch-queue', 'nowhere'], '--batch-queue nowhere: AWS Batch has none of this name'],
      [['--batch-job-definition', 'none'], '--batch-job-definition none: AWS Batch has none of this name'],
    ])('refuses %s before anything is planned', async (args, message) => {
      const cwd = await seasonsWorkspace(SEASONS);
      const { code, stderr } = await pitwall(await run(cwd, ...args), { cwd, env: fleet().env });
      expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(message) });
      expect(jobsOf(cwd)).toEqual([]);
    });

    test('needs a queue and a job definition', async () => {
      const cwd = await seasonsWorkspace(SEASONS);
      const { code, stderr } = await pitwall(['run', 'job', '--engine', 'batch'], { cwd });
      expect({ code, stderr }).toEqual({
        code: 2,
        stderr: 'pitwall: --engine batch needs --batch-queue and --batch-job-definition\n',
      });
    });

    test('shows no secret of the driver to who may describe its jobs', async () => {
      const cwd = await seasonsWorkspace(SEASONS);
      const secret = { PITWALL_WEBHOOK_URL: 'http://127.0.0.1:1/canary-0123456789' };
      const fault = { PITWALL_FAULT: 'FAIL@task: started', PITWALL_FAULT_ONCE: join(cwd, 'once') };
      await pitwall(await run(cwd), { cwd, env: { ...fleet().env, ...secret, ...fault } });
      const requests = JSON.stringify(jobsOf(cwd).map(({ request }) => request));
      expect(requests).not.toContain('canary');
      expect(requests).not.toContain(fleet().env.AWS_SECRET_ACCESS_KEY);
      expect(requests).toContain('PITWALL_FAULT');
    });
  });
});
