import { expect, test } from 'vitest';
import { pitwall } from './pitwall.ts';
import { jobWorkspace } from './workspace.ts';

const STACK_LINE = /^\s+at .+:\d+:\d+\)?$/m;
const MESSAGE =
  'pitwall: input "orders": no file matches <cwd>/nowhere/orders*.csv; the folder <cwd> exists: check the path and the --set values';

test('an error has no stack', async () => {
  const cwd = await jobWorkspace('shops');
  const { stderr } = await pitwall(['run', 'job', '--set', 'source=nowhere'], { cwd });
  expect(stderr.replaceAll(cwd, '<cwd>')).toBe(`${MESSAGE}\n`);
});

test('an error has its stack behind its line with --debug', async () => {
  const cwd = await jobWorkspace('shops');
  const { code, stderr } = await pitwall(['run', 'job', '--set', 'source=nowhere', '--debug'], { cwd });
  const [message, ...stack] = stderr.replaceAll(cwd, '<cwd>').split('\n');
  expect({ code, message }).toEqual({ code: 1, message: MESSAGE });
  expect(stack.join('\n')).toMatch(STACK_LINE);
});
