import type { TaskRecord } from '../execute/record.ts';
import type { TaskOptions } from '../execute/run-task.ts';
import type { Job } from '../job/job.ts';
import type { Plan } from '../plan/plan.ts';

/** Where tasks run. Every engine gives the same records for the same plan. */
export interface Engine {
  readonly name: string;
  /** Runs every task of the plan; rejects with the first failure once all tasks have settled. */
  run(plan: Plan, job: Job, options: TaskOptions): Promise<TaskRecord>;
}
