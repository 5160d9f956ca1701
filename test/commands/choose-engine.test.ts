import { describe, expect, test } from 'vitest';
import { chooseEngine, namedClusters } from '../../src/commands/choose-engine.ts';

describe('the engine that is asked for', () => {
  test('is the one of this machine by default, and until a plan is made for auto', async () => {
    expect(await chooseEngine({})).toBeUndefined();
    expect(await chooseEngine({ engine: 'auto', batchQueue: 'q', slurmArgs: '' })).toBeUndefined();
  });

  test.each([
    [{ engine: 'slurm' as const }, 'slurm'],
    [{ engine: 'batch' as const, batchQueue: 'q', batchJobDefinition: 'd' }, 'batch'],
  ])('is %j', async (options, name) => {
    expect((await chooseEngine(options))?.name).toBe(name);
  });

  test.each([
    [{ slurmArgs: '-p long' }, '--slurm-args is for --engine slurm, got --engine local'],
    [
      { engine: 'slurm' as const, batchQueue: 'q' },
      '--batch-queue is for --engine batch, got --engine slurm',
    ],
    [
      { engine: 'batch' as const, batchQueue: 'q' },
      '--engine batch needs --batch-queue and --batch-job-definition',
    ],
  ])('is refused with options that are not its own, or without those: %j', async (options, message) => {
    await expect(chooseEngine(options)).rejects.toMatchObject({ kind: 'usage', message });
  });

  test('is chosen among the clusters whose options are given', () => {
    expect(namedClusters({ batchQueue: 'q', batchJobDefinition: 'd', slurmArgs: '' })).toEqual([
      'batch',
      'slurm',
    ]);
    expect(namedClusters({})).toEqual([]);
  });
});
