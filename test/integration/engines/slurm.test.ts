import { execFile as execFileLater } from 'node:child_process';
import { chmod, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pitwall } from '../../e2e/pitwall.ts';
import { emptyFolder, readPublished, writeFiles } from '../../e2e/workspace.ts';
import { start } from '../processes.ts';
import { A_TASK_EACH, runIds, seasonsWorkspace, smallTasks } from '../seasons-job.ts';
import { testEngine } from './contract.ts';
import { testEngineOnS3 } from './contract-s3.ts';
import { type EngineRig, stoppedTasks, untilNoTask } from './engine-rig.ts';
import { missingPrograms, type SlurmHarness, startSlurm } from './slurm-harness.ts';

const execFile = promisify(execFileLater);
const missing = missingPrograms();

/** Hands the first array over, and says that it could not. */
function deafSbatch(real: string): string {
  return `#!/bin/sh
if [ -e "$ONCE" ]; then echo called >> "$ONCE"; exec ${real} "$@"; fi
echo called >> "$ONCE"
${real} "$@" > /dev/null
echo 'sbatch: error: Unable to contact slurm controller (connect failure)' >&2
exit 1
`;
}

describe.skipIf(missing.length > 0 && process.env.CI === undefined)(
  `with Slurm${missing.length > 0 ? `, of which ${missing.join(', ')} is not installed` : ''}`,
  () => {
    let slurm: SlurmHarness | undefined;

    function running(): SlurmHarness {
      if (slurm === undefined) throw new Error(`Slurm did not start; missing: ${missing.join(', ')}`);
      return slurm;
    }

    beforeAll(async () => {
      expect(missing).toEqual([]);
      slurm = await startSlurm();
    });
    afterAll(() => slurm?.stop());

    const rig = (): EngineRig => ({
      args: ['--engine', 'slurm'],
      env: running().env,
      killExecutor: (pid) => running().killNodeOf(pid),
    });

    testEngine('slurm', rig);
    testEngineOnS3('slurm', rig);

    test('a job that is cancelled by hand ends its run with exit code 75, and resume goes on', async () => {
      const cwd = await seasonsWorkspace([2001, 2002]);
      const args = [...(await smallTasks(cwd, A_TASK_EACH)), '--engine', 'slurm', '--quiet'];
      const fault = { PITWALL_FAULT: 'SIGSTOP@task: started', PITWALL_FAULT_ONCE: join(cwd, 'once') };
      const run = start(args, { cwd, env: { ...running().env, ...fault } });
      await stoppedTasks(run, cwd, 1);
      await running().scancel('--me');
      const { code, stderr } = await run.outcome;
      expect(code, stderr).toBe(75);
      expect(stderr).toMatch(/: cancelled in Slurm; pitwall resume goes on, in 1 attempt/);
      await untilNoTask(cwd);
      const [runId] = await runIds(cwd);
      const again = runId === undefined ? args : ['resume', runId, '--job', 'job', '--engine', 'slurm'];
      expect((await pitwall(again, { cwd, env: running().env })).code).toBe(0);
      expect(Object.keys(await readPublished(join(cwd, 'results')))).toHaveLength(2);
    });

    test('an array that was taken although sbatch did not say so is not handed over twice', async () => {
      const cwd = await seasonsWorkspace([2001, 2002]);
      const { stdout } = await execFile('sh', ['-c', 'command -v sbatch']);
      await writeFiles(cwd, { 'bin/sbatch': deafSbatch(stdout.trim()) });
      await chmod(join(cwd, 'bin/sbatch'), 0o755);
      const args = [...(await smallTasks(cwd, A_TASK_EACH)), '--engine', 'slurm', '--json'];
      const env = {
        ...running().env,
        PATH: `${join(cwd, 'bin')}:${process.env.PATH}`,
        ONCE: join(cwd, 'once'),
      };
      const { code, stdout: text, stderr } = await pitwall(args, { cwd, env });
      expect(code, stderr).toBe(0);
      expect(JSON.parse(text).tasks).toMatchObject({ total: 3, run: 3 });
      expect((await readFile(join(cwd, 'once'), 'utf8')).split('\n')).toEqual(['called', 'called', '']);
    });

    test('nothing of the environment but what a task needs reaches a node', async () => {
      const cwd = await seasonsWorkspace([2001]);
      const secret = 'canary-of-this-test';
      const args = [...(await smallTasks(cwd, A_TASK_EACH)), '--engine', 'slurm', '--quiet'];
      const fault = { PITWALL_FAULT: 'SIGSTOP@task: started', PITWALL_FAULT_ONCE: join(cwd, 'once') };
      const env = { ...running().env, ...fault, SOME_PASSWORD: secret, AWS_REGION: 'eu-west-1' };
      const run = start(args, { cwd, env });
      const [stopped] = await stoppedTasks(run, cwd, 1);
      expect(stopped?.env).toContain('\0AWS_REGION=eu-west-1\0');
      expect(stopped?.env).not.toContain(secret);
      const job = /\0SLURM_JOB_ID=(\d+)\0/.exec(stopped?.env ?? '')?.[1] ?? '';
      expect(await running().scontrol('write', 'batch_script', job, '-')).not.toContain(secret);
      process.kill(stopped?.pid ?? 0, 'SIGCONT');
      expect((await run.outcome).code).toBe(0);
    });

    test('a task that fails each time for a reason that may pass has three attempts, and nothing stays', async () => {
      const cwd = await seasonsWorkspace([2001]);
      const args = [...(await smallTasks(cwd, A_TASK_EACH)), '--engine', 'slurm', '--quiet'];
      const run = start(args, { cwd, env: { ...running().env, PITWALL_FAULT: 'FAIL@task: started' } });
      const { code, stderr } = await run.outcome;
      expect(code, stderr).toBe(75);
      expect(stderr).toBe(
        'pitwall: task 0 of step totals (season=2001): a test made it fail at "task: started", in 3 attempts (and 1 more task failed)\n',
      );
      expect(await runIds(cwd)).toEqual([]);
    });

    test('arguments that Slurm refuses are an error of usage that says why', async () => {
      const cwd = await seasonsWorkspace([2001]);
      const args = ['run', 'job', '--engine', 'slurm', '--slurm-args', '--partition=none'];
      const { code, stderr } = await pitwall(args, { cwd, env: running().env });
      expect({ code, stderr: stderr.split('\n').at(-2) }).toEqual({
        code: 2,
        stderr:
          'pitwall: Slurm refuses the tasks: invalid partition specified: none; change --slurm-args, --threads or --memory',
      });
    });
  },
);

test('without the programs of Slurm it says what to install before it does anything', async () => {
  const cwd = await emptyFolder();
  const { code, stderr } = await pitwall(['run', 'race_stats', '--engine', 'slurm'], {
    cwd,
    env: { PATH: cwd },
  });
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr:
      "pitwall: --engine slurm needs sbatch on the PATH: run it on a login node, or install Slurm's client programs (slurm-client) with the cluster's slurm.conf\n",
  });
  expect(await readdir(cwd)).toEqual([]);
});

test.skipIf(missing.length > 0 && process.env.CI === undefined)(
  'without a controller that answers the run is refused for now',
  async () => {
    const cwd = await seasonsWorkspace([2001]);
    // Nobody listens on port 1.
    const conf = 'ClusterName=pitwall\nSlurmctldHost=localhost(127.0.0.1)\nSlurmctldPort=1\nNodeName=n1\n';
    await writeFiles(cwd, { 'slurm.conf': conf });
    const env = { SLURM_CONF: join(cwd, 'slurm.conf') };
    const { code, stderr } = await pitwall(['run', 'job', '--engine', 'slurm'], { cwd, env });
    expect(code, stderr).toBe(75);
    expect(stderr).toContain('pitwall: Slurm does not answer: ');
    expect(await runIds(cwd)).toEqual([]);
  },
);
