import type { Job } from '../job/job.ts';

/** Where a job's manifest, lease and runs lie: beside the outputs of its first step that has some. */
export function jobStore({ name, folder, steps }: Job): string {
  const root = steps.find(({ output }) => output !== undefined)?.output?.root ?? folder;
  return `${root.replace(/\/$/, '')}/_pitwall/${name}`;
}
