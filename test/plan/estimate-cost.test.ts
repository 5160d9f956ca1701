import { describe, expect, it } from 'vitest';
import type { EnginePrice } from '../../src/job/job.ts';
import {
  costOfEstimates,
  costOfTasks,
  estimateCost,
  formatCost,
  plainNumber,
} from '../../src/plan/estimate-cost.ts';
import { explainPlan } from '../../src/plan/explain-plan.ts';
import { planned, plannedInput, someFile, someOutput, somePlan, someStep } from './some-plan.ts';

const MACHINE = { threads: 2, memoryBytes: 8e9, workers: 2 };
const FREE: EnginePrice = {
  ...{ vcpuHour: 0, gbHour: 0, machineHour: 0, request: 0 },
  ...{ vcpus: undefined, memoryBytes: undefined },
};
/** An hour on the two processors of a worker. */
const TWO_HOURS_OF_ONE = [{ seconds: 3600 }, { seconds: 3600 }];

describe('the cost of tasks', () => {
  it('is processor-hours and the memory of their worker for the time that they take', () => {
    expect(costOfEstimates(TWO_HOURS_OF_ONE, { machine: MACHINE, price: undefined })).toEqual({
      vcpu_hours: 2,
      gb_hours: 8,
      dollars: null,
    });
    expect(costOfTasks({ tasks: 3, seconds: 1800 }, { machine: MACHINE, price: undefined })).toEqual({
      vcpu_hours: 1,
      gb_hours: 4,
      dollars: null,
    });
  });

  it.each<[Partial<EnginePrice>, number]>([
    [{ vcpuHour: 0.05 }, 0.1],
    [{ gbHour: 0.01 }, 0.08],
    [{ machineHour: 0.4 }, 0.2],
    [{ request: 0.001 }, 0.002],
    [{ vcpuHour: 0.05, gbHour: 0.01, machineHour: 0.4, request: 0.001 }, 0.382],
    [{ gbHour: 0.01, vcpus: 4, memoryBytes: 16e9 }, 0.08],
    [{}, 0],
  ])('in dollars at %j is %f', (price, dollars) => {
    expect(
      costOfEstimates(TWO_HOURS_OF_ONE, { machine: MACHINE, price: { ...FREE, ...price } }).dollars,
    ).toBe(dollars);
  });

  it.each([
    [{ vcpu_hours: 1.23456, gb_hours: 0, dollars: 0.00123456 }, '$0.00123, 1.23 vCPU-hours, 0 GB-hours'],
    [{ vcpu_hours: 1, gb_hours: 2, dollars: 3.7e-7 }, 'less than $0.0001, 1 vCPU-hours, 2 GB-hours'],
    [{ vcpu_hours: 1e-6, gb_hours: 12, dollars: null }, 'less than 0.0001 vCPU-hours, 12 GB-hours'],
  ])('is written for people: %j', (cost, text) => {
    expect(formatCost(cost)).toBe(text);
  });
});

it.each([
  [0, '0'],
  [3.7e-7, '0.00000037'],
  [4.5, '4.5'],
  [1234567.5, '1234567.5'],
])('%d is written without an exponent', (amount, text) => {
  expect(plainNumber(amount)).toBe(text);
});

describe('the estimate of a plan', () => {
  const first = someStep('first', { reads: ['things'] });
  const second = someStep('second', { reads: ['first'], output: someOutput() });
  const plan = somePlan([plannedInput('things', [someFile('/in/things.csv', { sizeBytes: 120e6 * 7200 })])], {
    steps: [first, second],
  });

  it('is of the tasks that are known, and guesses those that are not', () => {
    const estimate = estimateCost(plan, [planned(plan, 'first')], {
      engine: 'batch',
      machine: MACHINE,
      price: { ...FREE, vcpuHour: 1 },
    });
    expect(estimate).toMatchObject({ engine: 'batch', tasks: 2, guessed: ['second'] });
    expect(estimate.dollars).toBeCloseTo(2, 3);
    const guessed = estimateCost(plan, [], {
      engine: 'batch',
      machine: MACHINE,
      price: { ...FREE, vcpuHour: 1 },
    });
    expect(guessed).toMatchObject({ tasks: 2, guessed: ['first', 'second'] });
    expect(guessed.dollars).toBeCloseTo(2, 3);
  });

  it('is shown with the plan, engine by engine', () => {
    const costs = ['local', 'batch'].map((engine, index) =>
      estimateCost(plan, [planned(plan, 'first')], {
        engine,
        machine: MACHINE,
        price: index === 0 ? undefined : { ...FREE, vcpuHour: 1 },
      }),
    );
    expect(explainPlan(plan, [], costs).split('\n').slice(-4)).toEqual([
      'cost, estimated',
      '  local: 2 vCPU-hours, 8 GB-hours; the tasks of second are a guess',
      '  batch: $2, 2 vCPU-hours, 8 GB-hours; the tasks of second are a guess',
      '',
    ]);
  });
});
