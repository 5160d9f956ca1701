import { PitwallError } from '../error.ts';
import { validateJob } from '../job/check-job.ts';
import { formatDiagnostic, hasErrors } from '../job/diagnostic.ts';
import { count } from '../plan/text-amounts.ts';
import type { Pair, Terminal } from './terminal.ts';

export interface ValidateCommandOptions {
  readonly set: readonly Pair[];
  readonly json?: boolean;
}

/** `pitwall validate <job>`: every mistake, a line each. @throws PitwallError (`job`) when there is an error */
export async function validateCommand(
  job: string,
  { set, json }: ValidateCommandOptions,
  terminal: Terminal,
): Promise<void> {
  const diagnostics = await validateJob(job, { set: Object.fromEntries(set) });
  if (json) terminal.out(`${JSON.stringify({ valid: !hasErrors(diagnostics), diagnostics })}\n`);
  else for (const diagnostic of diagnostics) terminal.err(`${formatDiagnostic(diagnostic)}\n`);
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length;
  if (errors > 0) throw new PitwallError('job', `${job} has ${count(errors, 'error')}`);
  if (!json)
    terminal.out(
      `${job} is valid${diagnostics.length === 0 ? '' : `, with ${count(diagnostics.length, 'warning')}`}\n`,
    );
}
