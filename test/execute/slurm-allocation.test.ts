import { expect, test } from 'vitest';
import { machineLimits, wholeMemoryBytes } from '../../src/execute/machine-limits.ts';
import { slurmAllocation } from '../../src/execute/slurm-allocation.ts';

const NODE = { processors: 64, memoryBytes: 256e9 };
const MEBIBYTE = 2 ** 20;

test.each([
  ['no job', { SLURM_CPUS_ON_NODE: '4' }, NODE],
  [
    'processors alone',
    { SLURM_JOB_ID: '1', SLURM_CPUS_ON_NODE: '16' },
    { processors: 16, memoryBytes: 64e9 },
  ],
  [
    'memory of the node',
    { SLURM_JOB_ID: '1', SLURM_CPUS_ON_NODE: '16', SLURM_MEM_PER_NODE: '1024' },
    { processors: 16, memoryBytes: 1024 * MEBIBYTE },
  ],
  [
    'memory of each processor',
    { SLURM_JOB_ID: '1', SLURM_CPUS_ON_NODE: '16', SLURM_CPUS_PER_TASK: '2', SLURM_MEM_PER_CPU: '1024' },
    { processors: 2, memoryBytes: 2048 * MEBIBYTE },
  ],
  [
    'all of the memory',
    { SLURM_JOB_ID: '1', SLURM_CPUS_ON_NODE: '64', SLURM_MEM_PER_NODE: '0' },
    { processors: 64, memoryBytes: 256e9 },
  ],
])('a process has what Slurm gave its job: %s', (_, env, expected) => {
  expect(slurmAllocation(env, NODE)).toEqual(expected);
});

test('60 % of it are for DuckDB', () => {
  const env = { SLURM_JOB_ID: '1', SLURM_CPUS_ON_NODE: '1', SLURM_MEM_PER_NODE: '1000' };
  const { threads, memoryBytes } = machineLimits({}, env);
  expect({ threads, memoryBytes }).toEqual({ threads: 1, memoryBytes: 600 * MEBIBYTE });
  expect(wholeMemoryBytes(memoryBytes)).toBe(1000 * MEBIBYTE);
});
