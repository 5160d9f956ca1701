import { unreachable } from '../error.ts';
import { reach } from '../fault-point.ts';
import { loadRelations, relationsOf } from './load-task-relations.ts';
import { runCheck } from './run-checks.ts';
import { encodersOfFused, phasesOfFused, runFused } from './run-fused.ts';
import { phasesOfStep, runStep } from './run-step.ts';
import type { TaskProducts, TaskWork } from './task-work.ts';
import type { Phase } from './workload.ts';

export type { TaskProgress } from './task-meter.ts';
export { encodersOfFused };

/** Does an attempt of a task, of whatever kind. @throws PitwallError of the class that the failure has, ExactScanNeeded */
export async function runTask(work: TaskWork): Promise<TaskProducts> {
  switch (work.outline.kind) {
    case 'fused':
      return runFused(work);
    case 'check':
      return runOneCheck(work);
    case 'slice':
    case 'partition':
    case 'whole':
    case 'write':
      return runStep(work);
    default:
      return unreachable(work.outline.kind);
  }
}

/** What a task does, for its progress. */
export function phasesOf(work: Pick<TaskWork, 'plan' | 'outline' | 'task' | 'worker'>): Iterable<Phase> {
  if (work.outline.kind === 'fused') return phasesOfFused(work.plan);
  return work.outline.kind === 'check' ? [] : phasesOfStep(work);
}

async function runOneCheck(work: TaskWork): Promise<TaskProducts> {
  const { plan, worker, task } = work;
  const check = task.check === undefined ? undefined : plan.job.checks[task.check];
  if (check === undefined) throw new Error(`the job has no check ${task.check}`);
  await loadRelations(work, undefined);
  reach('task: inputs loaded');
  const checks = await worker.reading(relationsOf(work), () => runCheck(worker.session, plan.job, check));
  return { outputs: [], kept: undefined, checks };
}
