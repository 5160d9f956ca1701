import { execFile as execFileLater } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CLI, pitwall, pitwallOk } from '../../e2e/pitwall.ts';
import { emptyFolder, readPublished } from '../../e2e/workspace.ts';
import { start } from '../processes.ts';
import { A_TASK_EACH, seasonsWorkspace, smallTasks } from '../seasons-job.ts';
import { testEngine } from './contract.ts';
import { testEngineOnS3 } from './contract-s3.ts';
import { type EngineRig, stoppedTasks } from './engine-rig.ts';
import { missingParts, type SparkHarness, startSpark } from './spark-harness.ts';

const execFile = promisify(execFileLater);
const missing = missingParts();

describe.skipIf(missing.length > 0 && process.env.CI === undefined)(
  `with Spark${missing.length > 0 ? `: ${missing.join(' and ')} not installed` : ''}`,
  () => {
    let spark: SparkHarness | undefined;

    function running(): SparkHarness {
      if (spark === undefined) throw new Error(`Spark did not start; missing: ${missing.join(', ')}`);
      return spark;
    }

    const args = () => [
      ...['--engine', 'spark', '--spark-master', running().master, '--spark-conf', 'spark.ui.enabled=false'],
      ...['--spark-conf', 'spark.executor.memory=450m'],
    ];

    beforeAll(async () => {
      expect(missing).toEqual([]);
      spark = await startSpark();
    });
    afterAll(() => spark?.stop());

    const rig = (): EngineRig => ({
      args: args(),
      env: running().env,
      killExecutor: (pid) => running().killWorkerOf(pid),
    });

    testEngine('spark', rig);
    testEngineOnS3('spark', rig);

    describe('with what pitwall pack makes', () => {
      let folder = '';
      const archive = () => join(folder, 'pitwall.tar.gz');

      beforeAll(async () => {
        folder = await mkdtemp(join(tmpdir(), 'pitwall-pack-'));
        await execFile(process.execPath, [CLI, 'pack', 'race_stats', '-o', archive()]);
      });
      afterAll(() => rm(folder, { recursive: true, force: true }));

      test('tasks run the Node and the Pitwall of the archive, as Spark unpacked it', async () => {
        const cwd = await seasonsWorkspace([2001, 2002]);
        const fault = { PITWALL_FAULT: 'SIGSTOP@task: started', PITWALL_FAULT_ONCE: join(cwd, 'once') };
        const of = [...args(), '--spark-archive', archive(), '--json'];
        const run = start([...(await smallTasks(cwd, A_TASK_EACH)), ...of], {
          cwd,
          env: { ...running().env, ...fault, SOME_PASSWORD: 'canary-of-this-test' },
        });
        const [stopped] = await stoppedTasks(run, cwd, 1);
        expect(stopped?.command).toMatch(/^\S+\/pitwall\/bin\/node \S+\/pitwall\/lib\/dist\/cli\.cjs task /);
        expect(stopped?.env).not.toContain('canary-of-this-test');
        process.kill(stopped?.pid ?? 0, 'SIGCONT');
        const { code, stderr } = await run.outcome;
        expect(code, stderr).toBe(0);
        expect(Object.keys(await readPublished(join(cwd, 'results')))).toHaveLength(2);
      });

      test('a job script runs Pitwall beside the driver of Spark, and exits as it does', async () => {
        const [cwd, local] = [await emptyFolder(), await emptyFolder()];
        await execFile('tar', ['-xzf', archive(), '-C', cwd, 'pitwall_spark.py']);
        const submit = (...job: string[]) =>
          execFile(
            'spark-submit',
            [
              ...['--master', running().master, '--conf', 'spark.ui.enabled=false'],
              ...['--conf', 'spark.executor.memory=450m', '--archives', `${archive()}#pitwall`],
              ...['pitwall_spark.py', ...job],
            ],
            { cwd, env: { ...process.env, ...running().env } },
          );
        const { stdout } = await submit(
          'run',
          'race_stats',
          '--set',
          `out=${join(cwd, 'results')}`,
          '--json',
        );
        // Of the job's script spark-submit passes all that is said to its own stdout.
        const [document = ''] = /^\{"run_id".*$/m.exec(stdout) ?? [];
        expect(JSON.parse(document)).toMatchObject({ status: 'succeeded', engine: 'spark' });
        await pitwallOk(['run', 'race_stats', '--quiet'], { cwd: local });
        expect(await readPublished(join(cwd, 'results'))).toEqual(
          await readPublished(join(local, 'results')),
        );
        await expect(submit('run', 'no_such_job')).rejects.toMatchObject({
          code: 2,
          stdout: expect.stringContaining('pitwall: there is no job "no_such_job"'),
        });
      });

      /** Runs the script as Glue does, which passes arguments of its own too. */
      const glue = async (program: string, before: readonly string[], named: readonly string[]) => {
        const cwd = await emptyFolder();
        await execFile('tar', ['-xzf', archive(), '-C', cwd, 'pitwall_spark.py', 'pitwall_glue.py']);
        const args = [...before, 'pitwall_glue.py', '--JOB_NAME', 'pitwall', ...named];
        return execFile(program, args, { cwd, env: { ...process.env, ...running().env } });
      };
      const submitted = (master: string) => [
        ...['--master', master, '--conf', 'spark.ui.enabled=false'],
        ...['--conf', 'spark.executor.memory=450m', '--py-files', 'pitwall_spark.py'],
      ];
      const withArchive = () => ['--pitwall-archive', archive()];

      test('a job of Glue does so too, with nothing but named arguments', async () => {
        const out = await emptyFolder();
        const command = `run race_stats --set "out=${out}/results" --json --quiet`;
        const named = ['--pitwall', command, ...withArchive()];
        const { stdout } = await glue('spark-submit', submitted(running().master), named);
        // Spark gives what the script and its children say on stderr to stdout too.
        const document = stdout.split('\n').find((line) => line.startsWith('{')) ?? stdout;
        expect(JSON.parse(document)).toMatchObject({ status: 'succeeded', engine: 'spark' });
      }, 400_000);

      test('a job of Glue fails where Pitwall does, and where an argument is missing', async () => {
        const named = ['--pitwall', 'run no_such_job', ...withArchive()];
        await expect(glue('spark-submit', submitted('local[1]'), named)).rejects.toMatchObject({
          code: 1,
          stdout: expect.stringContaining('pitwall: there is no job "no_such_job"'),
        });
        await expect(glue('python3', [], withArchive())).rejects.toMatchObject({
          code: 1,
          stderr: 'pitwall: this job needs the argument --pitwall\n',
        });
      });
    });

    test('one local Spark runs a job without a cluster', async () => {
      const cwd = await emptyFolder();
      const local = [
        '--engine',
        'spark',
        '--spark-master',
        'local[2]',
        '--spark-conf',
        'spark.ui.enabled=false',
      ];
      const { code, stdout, stderr } = await pitwall(['run', 'race_stats', ...local, '--json'], {
        cwd,
        env: running().env,
      });
      expect(code, stderr).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ engine: 'spark', tasks: { run: 1 } });
    });

    test('a master that Spark does not know is an error of usage that says which there are', async () => {
      const cwd = await emptyFolder();
      const options = ['--engine', 'spark', '--spark-master', 'nonsense'];
      const { code, stderr } = await pitwall(['run', 'race_stats', ...options], { cwd, env: running().env });
      expect(code, stderr).toBe(2);
      expect(stderr).toContain(
        'pitwall: Spark did not start: it knows no master nonsense; --spark-master takes spark://host:7077, yarn, k8s://… or local[*]\n',
      );
    });
  },
);

test('without spark-submit it says what to install before it does anything', async () => {
  const cwd = await emptyFolder();
  const env = { PATH: cwd, SPARK_HOME: cwd };
  const { code, stderr } = await pitwall(['run', 'race_stats', '--engine', 'spark'], { cwd, env });
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr:
      'pitwall: --engine spark needs spark-submit: set SPARK_HOME or the PATH to an installation of Spark, with Java 17 or later; for pip: put the bin folder of the virtual environment on the PATH\n',
  });
});

test.each([
  [
    ['--engine', 'dask'],
    "option '--engine <engine>' argument 'dask' is invalid. Allowed choices are local, slurm, spark, batch, auto.",
  ],
  [['--spark-master', 'local'], '--spark-master is for --engine spark, got --engine local'],
  [['--engine', 'spark', '--slurm-args', '-p x'], '--slurm-args is for --engine slurm, got --engine spark'],
])('%s is an error of usage', async (options, message) => {
  const { code, stderr } = await pitwall(['run', 'race_stats', ...options], { cwd: await emptyFolder() });
  expect({ code, stderr }).toEqual({ code: 2, stderr: `pitwall: ${message}\n` });
});
