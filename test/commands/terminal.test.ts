import { describe, expect, it } from 'vitest';
import { parseBytes } from '../../src/commands/parse-bytes.ts';
import { parseDuration } from '../../src/commands/parse-duration.ts';
import { collectPair, groupPairs, parseCount } from '../../src/commands/terminal.ts';

const usage = (message: string) =>
  expect.objectContaining({ name: 'PitwallError', kind: 'usage', exitCode: 2, message });

describe('a repeated name=value option', () => {
  const collect = collectPair('--set');
  it('is collected, split at its first =', () => {
    expect(collect('c=', collect('b=x=y', [['a', '1']]))).toEqual([
      ['a', '1'],
      ['b', 'x=y'],
      ['c', ''],
    ]);
  });

  it.each(['a', '', '=1'])('is refused as "%s"', (text) => {
    expect(() => collect(text, [])).toThrow(usage(`--set expects name=value, got "${text}"`));
  });

  it('is grouped by its name, whatever the name', () => {
    expect(
      groupPairs([
        ['year', '2023'],
        ['k', 'x'],
        ['year', '2024'],
      ]),
    ).toEqual({ year: ['2023', '2024'], k: ['x'] });
    expect(
      Object.entries(
        groupPairs([
          ['__proto__', 'x'],
          ['toString', 'y'],
        ]),
      ),
    ).toEqual([
      ['__proto__', ['x']],
      ['toString', ['y']],
    ]);
  });
});

describe('a count', () => {
  it('is a whole number of at least 1, or what is said', () => {
    expect(parseCount('--limit')('20')).toBe(20);
    expect(parseCount('--seed', 0)('0')).toBe(0);
  });

  it.each(['0', '-1', '1.5', '1e3', 'x', '', ' 1', '9007199254740992'])('is refused as "%s"', (text) => {
    expect(() => parseCount('--limit')(text)).toThrow(
      usage(`--limit expects a whole number of at least 1, got "${text}"`),
    );
  });
});

describe('a size', () => {
  it.each([
    ['4GB', 4e9],
    ['512MB', 512e6],
    ['1.5kB', 1500],
    ['100', 100],
  ])('of %s is %d bytes', (text, bytes) => {
    expect(parseBytes('--memory')(text)).toBe(bytes);
  });

  it.each(['', 'much', '0', '0GB', '-1GB', '4 XB'])('is refused as "%s"', (text) => {
    expect(() => parseBytes('--memory')(text)).toThrow(
      usage(`--memory expects a size such as 4GB or 512MB, got "${text}"`),
    );
  });
});

it('a size may be nothing where that is said', () => {
  expect(parseBytes('--fuse-below', 0)('0')).toBe(0);
});

describe('a duration', () => {
  it.each([
    ['3d', 259_200_000],
    ['12h', 43_200_000],
    ['1.5m', 90_000],
    ['0s', 0],
  ])('of %s is %d milliseconds', (text, durationMs) => {
    expect(parseDuration('--older-than')(text)).toBe(durationMs);
  });

  it.each(['', '3', 'd', '-1d', '3 d', '1w'])('is refused as "%s"', (text) => {
    expect(() => parseDuration('--older-than')(text)).toThrow(
      usage(`--older-than expects a duration such as 3d, 12h or 30m, got "${text}"`),
    );
  });
});
