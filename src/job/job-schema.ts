import { z } from 'zod';
import { jobFileSchema } from './job-file.ts';

/** The JSON Schema (draft 2020-12) of job.yaml, for editors; docs/job.schema.json is its copy. */
export function jobJsonSchema(): object {
  return { title: 'Pitwall job', ...z.toJSONSchema(jobFileSchema, { io: 'input' }) };
}
