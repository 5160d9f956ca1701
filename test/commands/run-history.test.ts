import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { addCommands } from '../../src/commands/add-commands.ts';
import { PitwallError } from '../../src/error.ts';
import { someFolder } from '../execute/some-step.ts';

const SHOPS = fileURLToPath(new URL('../jobs/shops', import.meta.url));

/** A job of its own, with its outputs beside it. */
async function someJob() {
  const cwd = await someFolder();
  const [job, out] = [join(cwd, 'job'), join(cwd, 'out')];
  await cp(SHOPS, job, { recursive: true });
  const set = ['--set', `out=${out}`];
  const pitwall = (...args: string[]) => run(...args, ...(args[0] === 'task' ? [] : set));
  const write = (...lines: string[]) =>
    writeFile(join(job, 'data/orders.csv'), ['id,shop,day,amount', ...lines, ''].join('\n'));
  return { job, out, pitwall, write };
}

/** What a command line prints to stdout. */
async function run(...args: string[]): Promise<string> {
  const printed: string[] = [];
  const terminal = {
    out: (text: string | Uint8Array) => void printed.push(String(text)),
    err: () => undefined,
    isScreen: false,
  };
  const program = addCommands(new Command('pitwall').exitOverride(), terminal, new AbortController().signal);
  await program.parseAsync(args, { from: 'user' });
  return printed.join('');
}

const ONE = '1,Rome,2024-01-01,1.50';
const TWO = '2,Rome,2024-01-02,2.50';
const OSLO = '3,Oslo,2024-01-03,3.50';

describe('the history of a job', () => {
  it('has its runs, what each did, and what differs between them', async () => {
    const { job, out, pitwall, write } = await someJob();
    await write(ONE, OSLO);
    const first = JSON.parse(await pitwall('run', job, '--json'));
    await write(ONE, TWO);
    const second = JSON.parse(await pitwall('run', job, '--json'));
    const { runs } = JSON.parse(await pitwall('runs', job, '--json'));
    expect(runs).toMatchObject([
      { run_id: second.run_id, job: 'job', status: 'succeeded', in_force: true },
      { run_id: first.run_id, job: 'job', status: 'succeeded', in_force: false },
    ]);
    expect(await pitwall('runs', job)).toMatch(
      /^run +job +started +status +in force\n.*\n.* job .* succeeded {2}yes\n.* job .* succeeded\n$/,
    );
    expect(JSON.parse(await pitwall('runs', job, '--json', '--limit', '1')).runs).toHaveLength(1);
    const shown = JSON.parse(await pitwall('show', second.run_id, '--job', job, '--json'));
    expect(shown.pitwall).toEqual(second);
    expect(await pitwall('show', second.run_id, '--job', job)).toContain(
      'step fused: 1 task (1 success), 2 rows',
    );
    const diff = ['diff', first.run_id, second.run_id, '--job', job] as const;
    expect(JSON.parse(await pitwall(...diff, '--json')).outputs).toEqual([
      { path: join(out, 'Rome.json'), status: 'changed', rows_added: 1, rows_removed: 0, rows_changed: 0 },
      { path: join(out, 'Oslo.json'), status: 'removed', rows_added: 0, rows_removed: 1, rows_changed: 0 },
    ]);
    expect(await pitwall(...diff)).toMatch(
      /changed +1 +0 +0 +.*Rome\.json\nremoved +0 +1 +0 +.*Oslo\.json\n0 outputs the same\n$/,
    );
    expect(await pitwall('diff', second.run_id, second.run_id, '--job', job)).toBe('1 output the same\n');
  });

  it('can be rolled back, and verified', async () => {
    const { job, out, pitwall, write } = await someJob();
    await write(ONE, OSLO);
    const first = JSON.parse(await pitwall('run', job, '--json'));
    const [rome, oslo] = [join(out, 'Rome.json'), join(out, 'Oslo.json')];
    const before = await readFile(rome, 'utf8');
    await write(ONE, TWO);
    await pitwall('run', job, '--quiet');
    await expect(readFile(oslo)).rejects.toThrow('ENOENT');
    expect(await pitwall('rollback', job, first.run_id)).toBe(
      `job: published again what run ${first.run_id} had published, 2 files\n`,
    );
    expect(await readFile(rome, 'utf8')).toBe(before);
    expect(await pitwall('verify', job)).toBe(`2 files of job job as published by run ${first.run_id}\n`);
    await Promise.all([rm(oslo), rm(rome)]);
    await writeFile(rome, 'other');
    const failure = await pitwall('verify', job).catch((error) => error);
    expect(failure).toEqual(
      new PitwallError('data', '2 of 2 files of job job are not as published; run it again with --force'),
    );
  });

  it('is cleaned of what is not published any more', async () => {
    const { job, out, pitwall, write } = await someJob();
    for (const rows of [[ONE], [TWO]]) {
      await write(...rows);
      await pitwall('run', job, '--quiet');
    }
    const [kept, gone] = JSON.parse(await pitwall('runs', job, '--json')).runs;
    expect(await pitwall('clean', job)).toBe('job: nothing to delete\n');
    const planned = JSON.parse(await pitwall('clean', job, '--older-than', '0s', '--json'));
    expect(planned).toMatchObject({ deleted: false, runs: [{ run_id: gone.run_id }], manifests: 0 });
    expect(await pitwall('clean', job, '--older-than', '0s', '--yes')).toMatch(/^job: deleted 1 run, /);
    expect(JSON.parse(await pitwall('runs', job, '--json')).runs).toEqual([kept]);
    expect(await pitwall('verify', job)).toContain('1 file of job job');
    expect(await readFile(join(out, 'Rome.json'), 'utf8')).toContain('"id":2');
  });

  it('is empty before the first run', async () => {
    const { job, out, pitwall } = await someJob();
    expect(await pitwall('runs', job)).toBe('no runs\n');
    expect(await pitwall('clean', job)).toBe('job: nothing to delete\n');
    await expect(pitwall('verify', job)).rejects.toEqual(
      new PitwallError(
        'usage',
        `nothing of job job is published in ${join(out, '_pitwall/job')}; give --set as its run had it`,
      ),
    );
  });
});

describe('a plan', () => {
  it('is written, and run exactly or not at all', async () => {
    const { job, out, pitwall, write } = await someJob();
    const path = join(out, '../plan.json');
    expect(await pitwall('plan', job, '-o', path)).toBe('');
    const planned = JSON.parse(await pitwall('plan', job, '--json'));
    expect(planned.plan).toEqual(JSON.parse(await readFile(path, 'utf8')));
    expect(planned.steps).toMatchObject([{ id: 'fused', kind: 'fused' }]);
    expect(await pitwall('plan', job)).toContain('orders: 1 file of csv');
    expect(JSON.parse(await pitwall('run', job, '--plan', path, '--json')).status).toBe('succeeded');
    await write(ONE);
    await expect(pitwall('run', job, '--plan', path)).rejects.toMatchObject({
      kind: 'usage',
      message: expect.stringContaining('the plan is not up to date: '),
    });
  });
});

describe('one task', () => {
  it('that is done already is done', async () => {
    const { job, out, pitwall } = await someJob();
    const { run_id } = JSON.parse(await pitwall('run', job, '--json'));
    const folder = join(out, '_pitwall/job/runs', run_id);
    const before = await readdir(folder);
    expect(JSON.parse(await pitwall('task', folder, 'fused', '0', '--json'))).toMatchObject({
      step: 'fused',
      index: 0,
      status: 'superseded',
    });
    expect(await pitwall('task', folder, 'fused', '0')).toMatch(/^fused 0: superseded, \d+ rows\n$/);
    expect(await readdir(folder)).toEqual(before);
  });

  it('has to exist, as its run has', async () => {
    const { job, out, pitwall } = await someJob();
    const { run_id } = JSON.parse(await pitwall('run', job, '--json'));
    const folder = join(out, '_pitwall/job/runs', run_id);
    await expect(pitwall('task', folder, 'fused', '7')).rejects.toMatchObject({ kind: 'usage' });
    await expect(pitwall('task', folder, 'fused', 'x')).rejects.toEqual(
      new PitwallError('usage', '<index> expects a whole number of at least 0, got "x"'),
    );
    await expect(pitwall('task', out, 'fused', '0')).rejects.toEqual(
      new PitwallError('usage', `there is no run in ${out}: expected a folder with a plan.json`),
    );
  });
});
