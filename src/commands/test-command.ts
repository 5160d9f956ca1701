import { PitwallError } from '../error.ts';
import { type CaseResult, runCases } from './run-cases.ts';
import type { Terminal } from './terminal.ts';

/** `pitwall test <job>`: runs the job's cases. @throws PitwallError (`data`) when one fails */
export async function testCommand(
  job: string,
  { json }: { json?: boolean },
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const results = await runCases(job, signal);
  if (json) terminal.out(`${JSON.stringify({ cases: results })}\n`);
  else for (const result of results) terminal.out(describeCase(result));
  const failed = results.filter(({ problems }) => problems.length > 0).length;
  if (!json) terminal.out(`${results.length - failed} passed, ${failed} failed\n`);
  if (failed > 0) throw new PitwallError('data', `${failed} of ${results.length} cases of ${job} failed`);
}

function describeCase({ name, problems }: CaseResult): string {
  const lines = problems.map((problem) => `    ${problem}\n`);
  return `${problems.length === 0 ? 'passed' : 'FAILED'}  ${name}\n${lines.join('')}`;
}
