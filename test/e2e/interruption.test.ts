import type { ChildProcess } from 'node:child_process';
import { watch } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { pitwall } from './pitwall.ts';
import { jobWorkspace, readTree } from './workspace.ts';

const SIGNALS = [
  { signal: 'SIGINT', exitCode: 130 },
  { signal: 'SIGTERM', exitCode: 143 },
] as const;

/** Jobs that would go on for years, and the line of stderr that says that they are at it. */
const ENDLESS = [
  { job: 'never-ends', at: 'writing job' },
  { job: 'endless-rows', at: 'writing job' },
];

describe.each(ENDLESS)('the job $job', ({ job, at }) => {
  test.each(SIGNALS)('ends on $signal with exit code $exitCode and leaves nothing', async (ends) => {
    const { signal, exitCode } = ends;
    const cwd = await jobWorkspace(job);
    const before = await readTree(cwd);
    const { code, stdout, stderr } = await pitwall(['run', 'job'], {
      cwd,
      onStderr: (shown, child) => {
        if (shown.includes(at) && !child.killed) child.kill(signal);
      },
    });
    expect(stderr.split('\n').slice(-2)).toEqual([
      `pitwall: interrupted by ${signal}; nothing was published`,
      '',
    ]);
    expect({ code, stdout }).toEqual({ code: exitCode, stdout: '' });
    expect(await readTree(cwd)).toEqual(before);
  });
});

test('a signal that comes twice at once, as through npx, counts once', async () => {
  const cwd = await jobWorkspace('never-ends');
  const before = await readTree(cwd);
  const { code } = await pitwall(['run', 'job'], {
    cwd,
    onStderr: (shown, child) => {
      if (!shown.includes('writing job') || child.killed) return;
      child.kill('SIGINT');
      child.kill('SIGINT');
    },
  });
  expect(code).toBe(130);
  expect(await readTree(cwd)).toEqual(before);
});

test.each([
  ['preview', ['preview', 'job']],
  ['query', ['query', '--job', 'job', 'SELECT * FROM job']],
])('%s ends on a signal and leaves nothing, its scratch folder included', async (_, args) => {
  const cwd = await jobWorkspace('never-ends');
  const before = await readTree(cwd);
  const scratchIsMade = firstChange(join(cwd, 'tmp'));
  const onStart = (child: ChildProcess) => void scratchIsMade.then(() => child.kill('SIGINT'));
  const outcome = await pitwall(args, { cwd, env: { TMPDIR: join(cwd, 'tmp') }, onStart });
  const stderr = 'pitwall: interrupted by SIGINT; nothing was published\n';
  expect(outcome).toEqual({ code: 130, stdout: '', stderr });
  expect(await readTree(cwd)).toEqual(before);
});

/** Resolves when a file or folder is made in a folder. */
function firstChange(folder: string): Promise<void> {
  return new Promise((resolve) => {
    const watcher = watch(folder, () => {
      watcher.close();
      resolve();
    });
  });
}
