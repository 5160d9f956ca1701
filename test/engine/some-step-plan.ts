import type { StepPlan, TaskPlan } from '../../src/plan/step-plan.ts';

export function someStepPlan(changes: Partial<StepPlan> = {}): StepPlan {
  return {
    id: 'stats',
    step: 'stats',
    kind: 'partition',
    whole: [],
    narrowed: [],
    keepsRows: false,
    writesOutputs: true,
    tasks: [],
    skipped: [],
    ...changes,
  };
}

export function someTaskPlan(changes: Partial<TaskPlan> = {}): TaskPlan {
  return {
    index: 0,
    files: {},
    stepFiles: [],
    units: [],
    check: undefined,
    fingerprint: '',
    estimate: { files: 0, inputBytes: 0, memoryBytes: 0, seconds: 0 },
    reason: 'new',
    ...changes,
  };
}
