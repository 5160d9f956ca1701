import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { type SlurmJob, sbatchArgs, slurmScript } from '../../src/engine/slurm-script.ts';

function someJob(changes: Partial<SlurmJob> = {}): SlurmJob {
  return {
    array: { base: 1001, elements: '0-3' },
    submission: 'abc-1',
    stepId: 'stats.write',
    folderUrl: "/data/it's here/runs/1",
    command: ['/opt/node', '/opt/pitwall/cli.cjs'],
    log: '/data/logs/%A-%a.log',
    args: [],
    ...changes,
  };
}

describe('the script of an array', () => {
  it('does the task at the base and the element, with the limits that were asked for', () => {
    const job = someJob({ threads: 2, memoryBytes: 1e9, command: ['echo'] });
    const env = { SLURM_ARRAY_TASK_ID: '3', SLURM_RESTART_COUNT: '5' };
    const said = execFileSync('sh', { input: slurmScript(job), env, encoding: 'utf8' });
    expect(said).toBe(
      "task /data/it's here/runs/1 stats.write 1004 --submission abc-1 --threads 2 --memory 1000000000\n",
    );
  });

  it('gives up a task that was queued again for the sixth time', () => {
    const env = { SLURM_ARRAY_TASK_ID: '3', SLURM_RESTART_COUNT: '6' };
    const run = () =>
      execFileSync('sh', { input: slurmScript(someJob()), env, stdio: ['pipe', 'pipe', 'pipe'] });
    expect(run).toThrow(expect.objectContaining({ status: 75 }));
  });
});

describe('the arguments of sbatch', () => {
  const env = { PATH: '/bin', HOME: '/root', AWS_REGION: 'here', MY_TOKEN: 'canary', PITWALL_X: '1' };

  it('name what of the environment is passed, and hold none of its values', () => {
    const args = sbatchArgs(someJob(), env);
    expect(args).toContain('--export=PATH,HOME,AWS_REGION,PITWALL_X');
    expect(args.join(' ')).not.toMatch(/canary|here,|MY_TOKEN/);
  });

  it('ask for the processors and the whole memory of a task, and let the user have the last word', () => {
    const job = someJob({ threads: 2, memoryBytes: 6e8, workers: 8, args: ['--mem=5G', '--partition=long'] });
    expect(sbatchArgs(job, {})).toEqual([
      ...['--parsable', '--requeue', '--ntasks=1', '--chdir=/', '--open-mode=append'],
      ...['--output=/data/logs/%A-%a.log', '--export=NONE', '--cpus-per-task=2', '--mem=954M'],
      ...['--mem=5G', '--partition=long', '--job-name=pitwall-abc-1', '--array=0-3%8'],
    ]);
  });
});
