import { expect, test } from 'vitest';
import { pitwall } from './pitwall.ts';
import { jobWorkspace, writeFiles } from './workspace.ts';

test('a command that waits for what cannot come says so, and has failed', async () => {
  const cwd = await jobWorkspace('shops');
  await writeFiles(cwd, {
    'never.cjs': "require('node:fs/promises').readFile = () => new Promise(() => undefined);",
  });
  const env = { NODE_OPTIONS: `--require ${cwd}/never.cjs` };
  expect(await pitwall(['validate', 'job'], { cwd, env })).toEqual({
    code: 1,
    stdout: '',
    stderr:
      'pitwall: internal error: the command waits for what cannot come; please report it with the output of --debug\n',
  });
});

test('a command that fails otherwise says nothing of waiting', async () => {
  const cwd = await jobWorkspace('shops');
  await writeFiles(cwd, {
    'broken.cjs': "process.stdout.write = () => { throw new Error('the disk is full'); };",
  });
  const env = { NODE_OPTIONS: `--require ${cwd}/broken.cjs` };
  const { code, stderr } = await pitwall(['--help'], { cwd, env });
  expect([code === 0, stderr.includes('the disk is full'), stderr.includes('waits')]).toEqual([
    false,
    true,
    false,
  ]);
});
