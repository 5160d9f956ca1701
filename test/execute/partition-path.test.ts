import { posix } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkCollisions, encodeValue, partitionPath } from '../../src/execute/partition-path.ts';
import type { Output } from '../../src/job/job.ts';
import { RUN_ID, someOutput } from './some-step.ts';

const pathOf = (text: string | null, changes: Partial<Output> = {}, template = '{k}.json') =>
  partitionPath(someOutput(template, changes), new Map([['k', text]]), RUN_ID);

const ENCODING: Partial<Output> = { unsafeValues: 'encode' };
const anyText = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }),
  fc.string({
    unit: fc.constantFrom('.', '/', '\\', '%', '2', 'F', ' ', 'é', 'e', '\u0301', 'a', ':'),
    minLength: 1,
    maxLength: 8,
  }),
);

describe('any text as a partition value', () => {
  it('lies within the root, in one file name', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const path = pathOf(text, ENCODING, 'by/{k}/rows.json');
        expect(posix.normalize(path)).toBe(path);
        expect(path.split('/')).toHaveLength(3);
        expect(path).not.toMatch(/[\p{Cc}"*:<>?\\|=]/u);
        expect(path.split('/')[1]).not.toMatch(/^ |[. ]$/);
      }),
      { numRuns: 2000 },
    );
  });

  it('can be read back from its name', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(decodeURIComponent(encodeValue(text))).toBe(text);
      }),
      { numRuns: 2000 },
    );
  });

  it('has a path that no other has, also for a file system that composes characters', () => {
    fc.assert(
      fc.property(anyText, anyText, (one, other) => {
        const [a, b] = [pathOf(one, ENCODING), pathOf(other, ENCODING)];
        expect(a.normalize('NFC') === b.normalize('NFC')).toBe(one === other);
        expect(a.normalize('NFD') === b.normalize('NFD')).toBe(one === other);
      }),
      { numRuns: 2000 },
    );
  });

  it('is not the text that stands for NULL or for an empty value', () => {
    const output = { ...ENCODING, nullAs: 'unknown', emptyAs: 'none' };
    expect(['unknown', 'none', 'other', null, ''].map((text) => pathOf(text, output))).toEqual([
      '%75%6E%6B%6E%6F%77%6E.json',
      '%6E%6F%6E%65.json',
      'other.json',
      'unknown.json',
      'none.json',
    ]);
  });
});

describe('a partition value is encoded:', () => {
  it.each([
    ['a/b', 'a%2Fb'],
    ['a%2Fb', 'a%252Fb'],
    ['x=y', 'x%3Dy'],
    ['a\0b\u0085', 'a%00b%C2%85'],
    ['a.', 'a%2E'],
    ['a. .', 'a%2E%20%2E'],
    [' a', '%20a'],
    ['.hidden', '.hidden'],
    ['São Paulo', 'São Paulo'],
    ['e\u0301', 'e%CC%81'],
    ['🏁', '🏁'],
    ['CON', '%43ON'],
    ['con.txt', '%63on.txt'],
    ['Lpt9', '%4Cpt9'],
    ['com¹', '%63om¹'],
    ['CONIN$', '%43ONIN$'],
    ['con.%', '%63on.%25'],
    ['control', 'control'],
    ['com10', 'com10'],
    ['2024-07-07T14:00:00.000', '2024-07-07T14%3A00%3A00.000'],
  ])('%j as %s', (text, encoded) => {
    expect(encodeValue(text)).toBe(encoded);
  });
});

describe('a partition value is refused:', () => {
  const remedy = (name: string) => `filter such rows out in the SQL, or set ${name} in the output`;
  it.each<[string, string | null, string]>([
    [
      'NULL',
      null,
      `partition column "k" is NULL in a row, so it has no place in out/{k}.json; ${remedy('null_as:')}`,
    ],
    [
      'an empty one',
      '',
      `partition column "k" is empty in a row, so it has no place in out/{k}.json; ${remedy('empty_as:')}`,
    ],
    [
      'one that climbs',
      '../../x',
      `partition value "../../x" of column "k" climbs out of its folder, so it has no place in out/{k}.json; ${remedy('unsafe_values: encode')}`,
    ],
    [
      'one that climbs backwards',
      'a\\..',
      `partition value "a\\\\.." of column "k" climbs out of its folder, so it has no place in out/{k}.json; ${remedy('unsafe_values: encode')}`,
    ],
    [
      'a dot',
      '.',
      `partition value "." of column "k" climbs out of its folder, so it has no place in out/{k}.json; ${remedy('unsafe_values: encode')}`,
    ],
    [
      'one of 300 characters',
      'x'.repeat(300),
      `partition value gives a file name of 305 bytes (${'x'.repeat(40)}…) in out/{k}.json, expected at most 255; shorten the value in the SQL`,
    ],
    [
      'one of 126 two-byte characters',
      'é'.repeat(126),
      `partition value gives a file name of 257 bytes (${'é'.repeat(40)}…) in out/{k}.json, expected at most 255; shorten the value in the SQL`,
    ],
  ])('%s', (_, text, message) => {
    expect(() => pathOf(text)).toThrow(expect.objectContaining({ kind: 'data', message }));
  });

  it('not for its length alone, up to 255 bytes', () => {
    expect(pathOf('é'.repeat(125))).toBe(`${'é'.repeat(125)}.json`);
  });

  it('when the whole path is longer than a key can be', () => {
    const template = '{k}/{k}/{k}/{k}/{k}.json';
    const message = `partition value gives a path of 1049 bytes (${'y'.repeat(40)}…) in out/${template}, expected at most 1024; shorten the value in the SQL`;
    expect(() => pathOf('y'.repeat(208), {}, template)).toThrow(message);
  });
});

describe('a path', () => {
  it('names its columns, the run and the texts between', () => {
    const output = someOutput('{a}/x-{b}/{run}.json');
    const texts = new Map([
      ['a', '1'],
      ['b', 'y z'],
    ]);
    expect(partitionPath(output, texts, RUN_ID)).toBe(`1/x-y z/${RUN_ID}.json`);
  });

  it('has no segment that is a dot or nothing, though the template and the stand-ins would make one', () => {
    expect(pathOf('.', ENCODING, '.{k}/rows.json')).toBe('.%2E/rows.json');
    expect(pathOf('a', {}, '.{k}/rows.json')).toBe('.a/rows.json');
    const wrong = (got: string, path: string, template: string) =>
      `a partition gives the path "${path}" in out/${template}, expected a name between its slashes, got "${got}"; change null_as, empty_as or the path`;
    const stands = (nullAs: string, template: string) => () => pathOf(null, { nullAs }, template);
    expect(stands('.', '.{k}/rows.json')).toThrow(wrong('..', '../rows.json', '.{k}/rows.json'));
    expect(stands('', '{k}/rows.json')).toThrow(wrong('', '/rows.json', '{k}/rows.json'));
    expect(stands('../..', '{k}.json')).toThrow(wrong('..', '../...json', '{k}.json'));
  });
});

describe('two partitions of one output', () => {
  const check = (...paths: string[]) => checkCollisions(someOutput(), paths);
  it.each([
    ['a.json', 'A.json', 'differ only in case'],
    ['é.json', 'É.json', 'differ only in case'],
    ['a.json', 'a.json', 'are the same path'],
  ])('%s and %s are refused', (one, other, how) => {
    const message = `two partitions of out/{k}.json ${how}: ${one} and ${other}; make the values one in the SQL (lower(…), for example)`;
    expect(() => check('x.json', one, 'y.json', other)).toThrow(
      expect.objectContaining({ kind: 'data', message }),
    );
  });

  it('may be accents apart', () => {
    expect(() => check('e.json', 'é.json', 'e%CC%81.json')).not.toThrow();
  });
});
