import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstRecordEnd, parseFirstRecord } from '../../src/plan/csv-record.ts';

const COMMON = { delimiter: ',', quote: '"', escape: '"' };

describe('the first record of a CSV', () => {
  it.each([
    ['a,b\nc', ['a', 'b']],
    ['a,b\r\nc', ['a', 'b']],
    ['a,b\rc', ['a', 'b']],
    ['a,,\n', ['a', '', '']],
    ['\nx', ['']],
    ['"a,1","b""c"\n', ['a,1', 'b"c']],
    ['"a\n\r\nb"\n', ['a\n\r\nb']],
    ['5" pipe,x\n', ['5" pipe', 'x']],
    ['""\n', ['']],
  ])('of %j', (text, record) => {
    expect(parseFirstRecord(text, COMMON, false)).toEqual(record);
  });

  it('ends with the text only when that is complete', () => {
    expect(parseFirstRecord('a,b', COMMON, false)).toBeUndefined();
    expect(parseFirstRecord('a,b', COMMON, true)).toEqual(['a', 'b']);
    expect(parseFirstRecord('a,"b\n', COMMON, true)).toBeUndefined();
  });

  it('follows the dialect', () => {
    expect(parseFirstRecord("a||'b||\\'c'\n", { delimiter: '||', quote: "'", escape: '\\' }, true)).toEqual([
      'a',
      "b||'c",
    ]);
    expect(parseFirstRecord('"a",b\n', { delimiter: ',', quote: '', escape: '' }, true)).toEqual([
      '"a"',
      'b',
    ]);
    expect(parseFirstRecord('"a""b"\n', { delimiter: ',', quote: '"', escape: '' }, true)).toEqual(['a"b"']);
  });

  it('holds whatever was quoted into it', () => {
    const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1 }),
        fc.string(),
        (values, rest) => {
          expect(parseFirstRecord(`${values.map(quote).join(',')}\n${rest}`, COMMON, true)).toEqual(values);
        },
      ),
    );
  });
});

describe('the end of the first record', () => {
  it.each([
    ['a,b\nc', 4],
    ['a,b\r\nc', 5],
    ['a,b\rc', 4],
    ['"a\n","b"\nc', 9],
    ['a\n\nb', 2],
  ])('of %j is behind its line break', (text, end) => {
    expect(firstRecordEnd(text, COMMON)).toBe(end);
  });

  it.each(['a,b', 'a,"b\n', ''])('of %j is not in the text', (text) => {
    expect(firstRecordEnd(text, COMMON)).toBeUndefined();
  });
});
