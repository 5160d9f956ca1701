import type { Check, Input, Job, Step } from './job.ts';
import type { RenderContext } from './job-context.ts';
import type { YamlPath } from './yaml-source.ts';

export type JobPart = Input | Step | Check;

/** What could be read of a job, and where it stands; parts with mistakes are left out. */
export interface JobReading {
  readonly job: Job;
  readonly context: RenderContext;
  /** Where each input, step and check stands. */
  readonly paths: ReadonlyMap<JobPart, YamlPath>;
  /** Whether an input or step of this name is written but could not be read. */
  isBroken(relation: string): boolean;
}
