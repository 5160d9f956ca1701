import { readFile, writeFile } from 'node:fs/promises';
import { PitwallError } from '../error.ts';
import { planHash } from '../plan/fingerprint.ts';
import type { Plan } from '../plan/plan.ts';
import { outputError } from '../storage/local-error.ts';
import { isOfVersion, parseJson } from '../storage/parse-json.ts';

/** Writes a plan for `pitwall run --plan`. @throws PitwallError (`output`) */
export async function writePlanFile(path: string, plan: Plan): Promise<void> {
  await writeFile(path, `${JSON.stringify(plan, null, 2)}\n`).catch((cause) => {
    throw outputError(path, cause);
  });
}

/** A plan that {@link writePlanFile} wrote. @throws PitwallError (`usage`) for another file, or a plan that was edited */
export async function readPlanFile(path: string): Promise<Plan> {
  const plan = parsePlan(path, await readBytes(path));
  const { sha256, asked: _, ...rest } = plan;
  if (planHash(rest) === sha256) return plan;
  throw new PitwallError('usage', `--plan ${path}: the plan was changed after it was made; plan it anew`);
}

async function readBytes(path: string): Promise<Uint8Array> {
  return await readFile(path).catch((cause) => {
    throw new PitwallError('usage', `--plan ${path}: the file cannot be read: ${cause.message}`, { cause });
  });
}

function parsePlan(path: string, bytes: Uint8Array): Plan {
  const plan = parseJson(bytes);
  if (isPlan(plan)) return plan;
  throw new PitwallError(
    'usage',
    `--plan ${path}: expected a plan of version 2, as pitwall plan -o writes it`,
  );
}

function isPlan(value: unknown): value is Plan {
  return isOfVersion(value, 2);
}
