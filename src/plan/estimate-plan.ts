import { estimateTask, readOfFiles } from './estimate.ts';
import type { Plan } from './plan.ts';
import type { TaskEstimate } from './step-plan.ts';

/** What it is to do all of a plan in one session. */
export function estimatePlan({ inputs }: Pick<Plan, 'inputs'>): TaskEstimate {
  return estimateTask(inputs.map(({ input, files }) => readOfFiles(input.format, files)));
}
