import { PitwallError } from '../error.ts';
import { count } from '../plan/text-amounts.ts';
import { openManifestLog } from '../publish/manifest-log.ts';
import { type PublishedProblem, verifyPublished } from '../publish/verify.ts';
import { findStore } from './find-stores.ts';
import { type JobCommandOptions, toJobOptions } from './job-options.ts';
import type { Terminal } from './terminal.ts';

export interface VerifyCommandOptions extends JobCommandOptions {
  readonly json?: boolean;
}

/**
 * `pitwall verify <job>`: reads every output and compares it with what was published.
 *
 * @throws PitwallError (`data`) when one is missing or differs
 */
export async function verifyCommand(
  ref: string,
  { json = false, ...asked }: VerifyCommandOptions,
  terminal: Terminal,
): Promise<void> {
  const { job, storage, store } = await findStore(ref, toJobOptions(asked));
  const manifest = await openManifestLog(storage, store).latest();
  if (manifest === undefined)
    throw new PitwallError(
      'usage',
      `nothing of job ${job} is published in ${store}; give --set as its run had it`,
    );
  const problems = await verifyPublished(storage, manifest);
  const files = count(manifest.outputs.length, 'file');
  if (json)
    terminal.out(
      `${JSON.stringify({ run_id: manifest.runId, outputs: manifest.outputs.length, problems })}\n`,
    );
  else for (const problem of problems) terminal.out(`${describeProblem(problem)}\n`);
  if (problems.length > 0)
    throw new PitwallError(
      'data',
      `${problems.length} of ${files} of job ${job} are not as published; run it again with --force`,
    );
  if (manifest.publishing !== undefined)
    throw new PitwallError(
      'temporary',
      `a run of job ${job} is being published, or was interrupted at it; run it again`,
    );
  if (!json) terminal.out(`${files} of job ${job} as published by run ${manifest.runId}\n`);
}

function describeProblem({ kind, url, runId, expected, found }: PublishedProblem): string {
  if (kind === 'missing') return `missing: ${url}, published by run ${runId}`;
  const sizes = expected.bytes === found?.bytes ? 'other bytes' : `${expected.bytes} → ${found?.bytes} bytes`;
  return `changed: ${url}, published by run ${runId}: ${sizes}`;
}
