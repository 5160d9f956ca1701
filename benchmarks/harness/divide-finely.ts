import { readFile, writeFile } from 'node:fs/promises';
import { planHash } from '../../src/plan/fingerprint.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { runToEnd } from './measure-process.ts';
import { pitwallCommand } from './pitwall-command.ts';

/**
 * Writes the plan of a job with a task for each partition, for `pitwall run --plan`: how the work is divided is no part
 * of what a plan publishes, so the plan may say so for itself.
 *
 * @param job - the job and its options, as for `pitwall plan`
 */
export async function divideFinely(job: readonly string[], path: string): Promise<string> {
  await runToEnd(pitwallCommand('plan', ...job, '-o', path));
  const { sha256: _, asked, ...plan }: Plan = JSON.parse(await readFile(path, 'utf8'));
  const fine = { ...plan, targetBytes: 1 };
  await writeFile(path, JSON.stringify({ ...fine, sha256: planHash(fine), asked }));
  return path;
}
