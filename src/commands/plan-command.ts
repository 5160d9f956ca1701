import { writeFile } from 'node:fs/promises';
import { explainPlan } from '../plan/explain-plan.ts';
import { outputError } from '../publish/publish-files.ts';
import { planJob } from '../run.ts';
import type { Pair, Terminal } from './terminal.ts';

export interface PlanCommandOptions {
  readonly set: readonly Pair[];
  readonly output?: string;
  readonly explain?: boolean;
  readonly json?: boolean;
}

/** `pitwall plan <job>`: the plan as text, or as JSON to a file or with `--json`. */
export async function planCommand(
  job: string,
  { set, output, explain, json }: PlanCommandOptions,
  terminal: Terminal,
): Promise<void> {
  const plan = await planJob(job, { set: Object.fromEntries(set) });
  const document = `${JSON.stringify(plan, null, json ? 0 : 2)}\n`;
  if (output !== undefined) await writeDocument(output, document);
  if (json) terminal.out(document);
  if (explain || (!json && output === undefined)) (json ? terminal.err : terminal.out)(explainPlan(plan));
}

async function writeDocument(path: string, document: string): Promise<void> {
  try {
    await writeFile(path, document);
  } catch (cause) {
    throw outputError(path, cause);
  }
}
