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
