import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createRedactor } from '../../src/report/redact.ts';
import { resumeCommandLine, runCommandLine, shellWord } from '../../src/report/shell-command.ts';

const ASKED = { ref: 'sales', cwd: '/my data', set: {}, only: {} };

it('a shell reads back each word as it was, whatever is in it', () => {
  const words = fc.array(
    fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', '')),
    { minLength: 1 },
  );
  fc.assert(
    fc.property(words, (some) => {
      const line = `printf '%s\\0' ${some.map(shellWord).join(' ')}`;
      expect(execFileSync('/bin/sh', ['-c', line]).toString()).toBe(`${some.join('\0')}\0`);
    }),
    { numRuns: 50 },
  );
});

it('the command to go on names the folder and how the run was run', () => {
  const asked = { ...ASKED, engine: 'slurm', workers: 2, threads: 4, memoryBytes: 4e9, allowPartial: true };
  expect(resumeCommandLine("/o/it's here/r1", asked)).toBe(
    "pitwall resume '/o/it'\\''s here/r1' --engine slurm --workers 2 --threads 4 --memory 4000000000 --allow-partial",
  );
  expect(resumeCommandLine('/o/r1', ASKED)).toBe('pitwall resume /o/r1');
});

it('the command to run again has the parameters and partitions, without secrets', () => {
  const set = { source: 'a b', api_key: 'hidden', out: 's3://key:word@bucket/x' };
  const asked = { ...ASKED, set, only: { year: ['2023', '2024'] } };
  expect(runCommandLine(asked, createRedactor({}))).toBe(
    "cd '/my data' && pitwall run sales --set 'source=a b' --set 'api_key=***' --set 'out=s3://***@bucket/x' --only year=2023 --only year=2024",
  );
});
