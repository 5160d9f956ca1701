import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { quoteShell, splitShell } from '../../src/engine/shell-words.ts';

it('divides and unquotes words as a shell does', () => {
  const text = ` --partition=long  --comment='a "b" c' --x="d \\"e\\" 'f'" g\\ h '' `;
  expect(splitShell('--slurm-args', text)).toEqual([
    ...['--partition=long', '--comment=a "b" c', `--x=d "e" 'f'`, 'g h', ''],
  ]);
  expect(splitShell('--slurm-args', '')).toEqual([]);
});

it('refuses a quote that is not closed', () => {
  expect(() => splitShell('--slurm-args', `--x='a b`)).toThrow(
    "--slurm-args: a quote is not closed in --x='a b",
  );
});

it('quotes any text as one word, for a shell and for itself', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(splitShell('', quoteShell(text))).toEqual([text]);
    }),
  );
});

it('quotes words so that a shell reads each back as it was, whatever is in it', () => {
  const text = fc.string({ unit: 'binary' }).map((some) => some.replaceAll('\0', ''));
  fc.assert(
    fc.property(fc.array(text, { minLength: 1 }), (words) => {
      const line = `printf '%s\\0' ${words.map(quoteShell).join(' ')}`;
      expect(execFileSync('/bin/sh', ['-c', line]).toString()).toBe(`${words.join('\0')}\0`);
    }),
    { numRuns: 50 },
  );
});
