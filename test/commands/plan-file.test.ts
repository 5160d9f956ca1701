import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readPlanFile, writePlanFile } from '../../src/commands/plan-file.ts';
import { planHash } from '../../src/plan/fingerprint.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { someFolder, someJob } from '../execute/some-step.ts';

const usage = (message: string) => expect.objectContaining({ name: 'PitwallError', kind: 'usage', message });

function somePlan(): Plan {
  const plan: Omit<Plan, 'sha256' | 'asked'> = {
    ...({ version: 2, shape: 'fused' } as const),
    ...{ job: someJob(), jobHash: '', engine: 'e', only: {}, columns: {}, inputs: [], targetBytes: 1 },
  };
  return { ...plan, sha256: planHash(plan), asked: { set: {}, cwd: '/work' } };
}

describe('a plan in a file', () => {
  it('is read as it was written', async () => {
    const path = join(await someFolder(), 'plan.json');
    await writePlanFile(path, somePlan());
    expect(await readPlanFile(path)).toEqual(JSON.parse(JSON.stringify(somePlan())));
  });

  it('is refused when it was edited', async () => {
    const path = join(await someFolder(), 'plan.json');
    await writePlanFile(path, somePlan());
    await writeFile(path, (await readFile(path, 'utf8')).replace('"fused"', '"divided"'));
    await expect(readPlanFile(path)).rejects.toEqual(
      usage(`--plan ${path}: the plan was changed after it was made; plan it anew`),
    );
  });

  it.each(['', '{', '[]', 'null', '{"version":1}'])('is refused when it is no plan: %s', async (text) => {
    const path = join(await someFolder(), 'plan.json');
    await writeFile(path, text);
    await expect(readPlanFile(path)).rejects.toEqual(
      usage(`--plan ${path}: expected a plan of version 2, as pitwall plan -o writes it`),
    );
  });

  it('has to be there, and to be in a place that can be written', async () => {
    const folder = await someFolder();
    const path = join(folder, 'none.json');
    await expect(readPlanFile(path)).rejects.toEqual(
      usage(`--plan ${path}: the file cannot be read: ENOENT: no such file or directory, open '${path}'`),
    );
    await expect(writePlanFile(folder, somePlan())).rejects.toMatchObject({
      kind: 'output',
      message: `cannot write ${folder}: a folder has this name; move it away or change the output's path`,
    });
  });
});
