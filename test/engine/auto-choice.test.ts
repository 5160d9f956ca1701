import { describe, expect, test } from 'vitest';
import { chooseByEstimate } from '../../src/engine/auto-choice.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { plannedInput, someFile, somePlan } from '../plan/some-plan.ts';

/** A plan over one CSV of so many bytes, of which a thread reads 120 MB a second. */
function planOf(sizeBytes: number, changes: Partial<Plan> = {}): Plan {
  return somePlan([plannedInput('laps', [someFile('/in/laps.csv', { sizeBytes })])], {}, changes);
}

const CLUSTERS = ['batch', 'slurm'] as const;

describe('the engine of --engine auto', () => {
  test('is this process for what one task does', () => {
    const choice = chooseByEstimate(planOf(1e15, { shape: 'fused' }), { threads: 2, clusters: CLUSTERS });
    expect(choice).toEqual({ engine: 'local', reason: 'one task does it all, in this process' });
  });

  test('is this machine for what it does in ten minutes', () => {
    expect(chooseByEstimate(planOf(120e6 * 2 * 60), { threads: 2, clusters: CLUSTERS })).toEqual({
      engine: 'local',
      reason: 'about 60 s on 2 threads of this machine, not more than 10 min',
    });
  });

  test('is the first cluster that is named for what takes longer', () => {
    expect(chooseByEstimate(planOf(120e6 * 3600), { threads: 1, clusters: CLUSTERS })).toEqual({
      engine: 'batch',
      reason: 'about 60 min on 1 thread of this machine, more than 10 min',
    });
  });

  test('is this machine all the same where no cluster is named, and it says so', () => {
    expect(chooseByEstimate(planOf(120e6 * 3600), { threads: 1, clusters: [] })).toEqual({
      engine: 'local',
      reason: 'about 60 min on 1 thread of this machine, more than 10 min, but no cluster is named',
    });
  });

  test('depends on how much the machine has', () => {
    const plan = planOf(120e6 * 3600);
    expect(chooseByEstimate(plan, { threads: 64, clusters: CLUSTERS }).engine).toBe('local');
  });
});
