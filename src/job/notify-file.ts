import { z } from 'zod';
import { text } from './file-parts.ts';

export type NotifyFile = z.output<typeof notifySchema>;

/** An entry of `notify:` as it is written. */
export const notifySchema = z
  .strictObject({
    on: z
      .array(z.enum(['failure', 'success', 'check_warning']))
      .min(1, 'expected at least one of failure, success and check_warning')
      .default(['failure'])
      .describe(
        'What is told: runs that failed, runs that published, checks of severity warn that found rows.',
      ),
    sns: text.optional().describe('The ARN of an SNS topic; ${param} may stand in it.'),
    webhook: text
      .optional()
      .describe(
        'A URL that a JSON document is posted to; ${param} may stand in it. It is a secret? Use webhook_env.',
      ),
    webhook_env: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected the name of an environment variable')
      .optional()
      .describe('The name of an environment variable that holds such a URL.'),
  })
  .describe('Who is told of the end of a run.');
