import { expect, it } from 'vitest';
import { runProgram } from '../../src/engine/run-program.ts';

it('a program says what it says, and how it ended', async () => {
  const end = await runProgram('/bin/sh', ['-c', 'cat; echo no >&2; exit 3'], {
    input: 'a',
    timeoutMs: 60_000,
  });
  expect(end).toEqual({ code: 3, isLate: false, stdout: 'a', stderr: 'no\n' });
});

it('one that ends by a signal is told from one that took too long', async () => {
  const killed = await runProgram('/bin/sh', ['-c', 'kill -KILL $$'], { timeoutMs: 60_000 });
  expect(killed).toMatchObject({ code: 127, isLate: false });
  const late = await runProgram('tail', ['-f', '/dev/null'], { timeoutMs: 1 });
  expect(late).toMatchObject({ code: 127, isLate: true });
});

it('one that there is not is an error of usage', async () => {
  await expect(runProgram('pitwall-none', [], { timeoutMs: 60_000 })).rejects.toMatchObject({
    kind: 'usage',
  });
});
