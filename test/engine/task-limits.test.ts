import { expect, test } from 'vitest';
import { taskLimits } from '../../src/engine/task-limits.ts';
import { someStepPlan, someTaskPlan } from './some-step-plan.ts';

const LIMITS = { threads: 4, memoryBytes: 4e9, spillBytes: 40e9 };
const RUN = { workers: 2, limits: LIMITS, asked: {} };
const ONE_THREAD = { threads: 1, memoryBytes: 1e9, spillBytes: 10e9 };

function stepOf(memoryBytes: number, changes = {}) {
  const estimate = { files: 1, inputBytes: 1, memoryBytes, seconds: 1 };
  return someStepPlan({
    tasks: Array.from({ length: 100 }, (_, index) => someTaskPlan({ index, estimate })),
    ...changes,
  });
}

function first(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

test('many small tasks have a thread each, and a share of the memory', () => {
  expect(taskLimits(stepOf(70e6), first(64), RUN)).toEqual(ONE_THREAD);
  expect(taskLimits(stepOf(1e9), first(64), RUN)).toEqual(ONE_THREAD);
});

test.each([
  ['few tasks', stepOf(70e6), first(63), RUN],
  ['tasks that are too large for it', stepOf(1e9 + 1), first(64), RUN],
  ['tasks that read something whole', stepOf(70e6, { whole: ['races'] }), first(64), RUN],
  ['workers that were asked for', stepOf(70e6), first(64), { ...RUN, asked: { workers: 2 } }],
  ['workers with one thread', stepOf(70e6), first(64), { ...RUN, limits: { ...LIMITS, threads: 1 } }],
  [
    'memory that is too little to be divided',
    stepOf(70e6),
    first(64),
    { ...RUN, limits: { threads: 4, memoryBytes: 500e6 } },
  ],
])('%s have what a worker has', (_, step, indexes, run) => {
  expect(taskLimits(step, indexes, run)).toEqual(run.limits);
});
