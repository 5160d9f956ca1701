import { cp, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { findRun } from '../../src/commands/find-run.ts';
import { findStores } from '../../src/commands/find-stores.ts';
import { someFolder } from '../execute/some-step.ts';

const SHOPS = fileURLToPath(new URL('../jobs/shops', import.meta.url));
const [ONE, TWO] = ['01890000-0000-7000-8000-000000000001', '01890000-0000-7000-8000-000000000002'];

const usage = (message: string) => expect.objectContaining({ name: 'PitwallError', kind: 'usage', message });

async function workspace(...runs: readonly string[]): Promise<string> {
  const cwd = await someFolder();
  for (const run of runs) {
    const path = join(cwd, run, 'plan.json');
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, '{}');
  }
  return cwd;
}

describe('a run', () => {
  it('is found by its id, and by the beginning of it, below results/', async () => {
    const cwd = await workspace(`results/_pitwall/sales/runs/${ONE}`);
    for (const ref of [ONE, ONE.slice(0, 4), ONE.toUpperCase()]) {
      const { folder } = await findRun(ref, { set: {}, cwd });
      expect(folder).toMatchObject({ runId: ONE, store: join(cwd, 'results/_pitwall/sales') });
    }
  });

  it('is found where the parameters of its job put its outputs', async () => {
    const cwd = await workspace(`elsewhere/_pitwall/shops/runs/${ONE}`);
    await cp(SHOPS, join(cwd, 'sql/shops'), { recursive: true });
    for (const job of [undefined, 'shops', './sql/shops']) {
      const { folder } = await findRun(ONE, { job, set: { out: join(cwd, 'elsewhere') }, cwd });
      expect(folder.url).toBe(join(cwd, 'elsewhere/_pitwall/shops/runs', ONE));
    }
  });

  it('is found by the path of its folder, with a slash at its end or not', async () => {
    const cwd = await workspace(`o/_pitwall/sales/runs/${ONE}`);
    for (const ref of [`o/_pitwall/sales/runs/${ONE}`, join(cwd, `o/_pitwall/sales/runs/${ONE}/`)])
      expect((await findRun(ref, { set: {}, cwd })).folder.runId).toBe(ONE);
  });

  it('is not guessed among several', async () => {
    const cwd = await workspace(...[ONE, TWO].map((run) => `results/_pitwall/sales/runs/${run}`));
    await expect(findRun('0189', { set: {}, cwd })).rejects.toEqual(
      usage(`2 runs begin with "0189": ${ONE}, ${TWO}; give more of the id`),
    );
    expect((await findRun(TWO, { set: {}, cwd })).folder.runId).toBe(TWO);
  });

  it('that is not there is an error that says where it was looked for', async () => {
    const cwd = await workspace();
    await cp(SHOPS, join(cwd, 'sql/shops'), { recursive: true });
    await expect(findRun('0189', { set: {}, cwd })).rejects.toEqual(
      usage(
        'there is no run "0189" of the jobs under sql/ or below results/; give --job and --set, or the path of its folder',
      ),
    );
    await expect(findRun('0189', { job: 'shops', set: {}, cwd })).rejects.toEqual(
      usage('there is no run "0189" of job shops; give --set as the run had it'),
    );
    await expect(findRun('./0189', { set: {}, cwd })).rejects.toEqual(
      usage(`there is no run in ${join(cwd, '0189')}: expected a folder with a plan.json`),
    );
  });

  it.each(['', '018', '*', 'latest', `${ONE}0`])('is not named by "%s"', async (ref) => {
    await expect(findRun(ref, { set: {}, cwd: await workspace() })).rejects.toEqual(
      usage(`expected a run's id, at least 4 characters of it, or the path of its folder, got "${ref}"`),
    );
  });
});

describe('the stores of a working directory', () => {
  it('are those of its jobs and those below results/, each once; jobs that need parameters are passed over', async () => {
    const cwd = await workspace(`results/_pitwall/other/runs/${ONE}`, `results/_pitwall/shops/runs/${TWO}`);
    await cp(SHOPS, join(cwd, 'sql/shops'), { recursive: true });
    await cp(join(SHOPS, '../required-param'), join(cwd, 'sql/needy'), { recursive: true });
    const stores = await findStores({ set: {}, cwd });
    expect(stores.map(({ job, store }) => [job, store])).toEqual([
      ['shops', join(cwd, 'results/_pitwall/shops')],
      ['other', join(cwd, 'results/_pitwall/other')],
    ]);
  });
});
