import { describe, expect, test } from 'vitest';
import { type BatchTasks, toSubmitJob } from '../../src/engine/batch-job.ts';

const TASKS: BatchTasks = {
  queue: 'races',
  jobDefinition: 'pitwall-task',
  array: { indexes: [3, 4, 9], ranges: '3-4,9' },
  part: 1,
  submission: 'a0b1',
  stepId: 'stats',
  folderUrl: 's3://data/_pitwall/race_stats/runs/r',
};

describe('the job that a submission asks for', () => {
  test('is an array whose children find their tasks by their place', () => {
    expect(toSubmitJob(TASKS, {})).toEqual({
      jobName: 'pitwall-a0b1-1',
      jobQueue: 'races',
      jobDefinition: 'pitwall-task',
      arrayProperties: { size: 3 },
      containerOverrides: {
        command: [
          'task',
          TASKS.folderUrl,
          'stats',
          '--array',
          '3-4,9',
          '--submission',
          'a0b1',
          '--log',
          'json',
        ],
        environment: [],
        resourceRequirements: [],
      },
      retryStrategy: {
        attempts: 5,
        evaluateOnExit: [
          { onStatusReason: 'Host EC2*', action: 'RETRY' },
          { onExitCode: '143', action: 'RETRY' },
          { onReason: '*', action: 'EXIT' },
        ],
      },
      propagateTags: true,
    });
  });

  test('is none of a single task, for Batch has arrays from two children on', () => {
    const { arrayProperties, containerOverrides } = toSubmitJob(
      { ...TASKS, array: { indexes: [7], ranges: '7' } },
      {},
    );
    expect(arrayProperties).toBeUndefined();
    expect(containerOverrides?.command).toEqual([
      'task',
      TASKS.folderUrl,
      'stats',
      '7',
      '--submission',
      'a0b1',
      '--log',
      'json',
    ]);
  });

  test('tells DuckDB the processors of the job definition, and asks for none itself', () => {
    const { containerOverrides } = toSubmitJob({ ...TASKS, threads: 8 }, {});
    expect(containerOverrides?.command?.slice(-2)).toEqual(['--threads', '8']);
    expect(containerOverrides?.resourceRequirements).toEqual([]);
  });

  test('tells tasks where S3 is', () => {
    const { containerOverrides } = toSubmitJob({ ...TASKS, endpoint: 'http://store:9000' }, {});
    expect(containerOverrides?.command?.slice(-2)).toEqual(['--s3-endpoint', 'http://store:9000']);
  });

  test('passes on what a task reads, and nothing that may be secret', () => {
    const secret = { PITWALL_HOOK_TOKEN: 'x', PITWALL_WEBHOOK_URL: 'z', AWS_SECRET_ACCESS_KEY: 'y' };
    const env = { PITWALL_LIBDUCKDB: '/opt/libduckdb.so', HOME: '/root', ...secret };
    expect(toSubmitJob(TASKS, env).containerOverrides?.environment).toEqual([
      { name: 'PITWALL_LIBDUCKDB', value: '/opt/libduckdb.so' },
    ]);
  });
});
