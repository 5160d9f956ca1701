import { expect, test } from 'vitest';
import { pitwall, pitwallOk } from './pitwall.ts';
import { jobWorkspace } from './workspace.ts';

test.each([
  [['rn'], "unknown command 'rn' (Did you mean run?)"],
  [['help', 'rn'], 'unknown command \'rn\'; did you mean "run"?'],
])('%j names what it does not know', async (args, message) => {
  const cwd = await jobWorkspace('shops');
  expect(await pitwall(args, { cwd })).toEqual({ code: 2, stdout: '', stderr: `pitwall: ${message}\n` });
});

test('help of a command is what its --help is', async () => {
  const cwd = await jobWorkspace('shops');
  for (const args of [[], ['run']])
    expect(await pitwallOk(['help', ...args], { cwd })).toBe(await pitwallOk([...args, '--help'], { cwd }));
});
