import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { pitwall } from './pitwall.ts';
import { jobWorkspace } from './workspace.ts';

const CANARY = 'kanarienvogel-im-bergwerk';

function documents(text: string): Record<string, unknown>[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

it('--log json makes stderr nothing but lines of JSON, and leaves stdout to the result', async () => {
  const cwd = await jobWorkspace('shops');
  const { code, stdout, stderr } = await pitwall(['run', './job', '--json', '--log', 'json'], { cwd });
  expect(code).toBe(0);
  const { run_id } = JSON.parse(stdout);
  const lines = documents(stderr);
  expect(lines.at(0)).toMatchObject({ kind: 'started', run: run_id, job: 'job', level: 'info' });
  expect(lines.at(-1)).toMatchObject({ kind: 'published', run: run_id, status: 'succeeded' });
});

it('--log json has the last line of a failure too, without a secret of the environment', async () => {
  const cwd = await jobWorkspace('failing-check');
  const args = ['run', './job', '--log', 'json', '--set', `source=/no/${CANARY}`];
  const { code, stderr } = await pitwall(args, { cwd, env: { A_TOKEN: CANARY } });
  expect(code).not.toBe(0);
  expect(documents(stderr).at(-1)).toMatchObject({
    level: 'error',
    msg: expect.stringMatching(/^pitwall: /),
  });
  expect(stderr).not.toContain(CANARY);
});

it('--log FILE has the lines of workers with their tasks, and the screen what it has without', async () => {
  const cwd = await jobWorkspace('shops');
  const { code, stderr } = await pitwall(
    ['run', './job', '--fuse-below', '0', '--log', 'run.ndjson', '--json'],
    { cwd },
  );
  expect(code).toBe(0);
  expect(stderr).toContain('reading 1 file');
  const lines = documents(await readFile(join(cwd, 'run.ndjson'), 'utf8'));
  const committed = lines.filter(({ kind }) => kind === 'task committed');
  expect(committed[0]).toMatchObject({
    step: expect.any(String),
    task: 0,
    attempt: expect.stringMatching(/^[0-9a-f-]{36}$/),
    worker: 0,
  });
});

it('--log FILE says of a job that cannot begin why', async () => {
  const cwd = await jobWorkspace('unknown-column');
  const { code } = await pitwall(['run', './job', '--log', 'run.ndjson'], { cwd });
  expect(code).toBe(2);
  expect(documents(await readFile(join(cwd, 'run.ndjson'), 'utf8'))).toMatchObject([
    { kind: 'started' },
    { kind: 'failed', level: 'error', msg: expect.stringContaining('orders.sql') },
  ]);
});
