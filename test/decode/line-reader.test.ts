import { rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { LineReader } from '../../src/decode/line-reader.ts';
import { type TextRange, textUnits } from '../../src/decode/text-units.ts';
import { folderWith } from '../plan/some-input.ts';

let folder: string;
beforeAll(async () => {
  folder = await folderWith();
});

function fileOf(bytes: Uint8Array, index: number): string {
  const path = join(folder, `${index}.csv`);
  writeFileSync(path, bytes);
  return path;
}

/** Memory may have more than the piece. */
function memoryOf(bytes: Uint8Array): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(bytes.length + 5);
  new Uint8Array(memory).fill(0x0a);
  new Uint8Array(memory).set(bytes);
  return memory;
}

/** Reads with a reader of a text, or of a part of it, that lies in pieces of so many bytes. */
function reading<T>(
  text: string,
  use: (lines: LineReader, range: TextRange) => T,
  part = {},
  pieceBytes = 1e6,
  place: 'file' | 'memory' = 'file',
): T {
  const pieces = Array.from({ length: Math.max(1, Math.ceil(text.length / pieceBytes)) }, (_, index) => {
    const start = index * pieceBytes;
    const bytes = Buffer.from(text.slice(start, start + pieceBytes));
    return { source: place === 'file' ? fileOf(bytes, index) : memoryOf(bytes), start };
  });
  const range = { pieces, start: 0, end: text.length, ...part };
  const lines = new LineReader(range);
  try {
    return use(lines, range);
  } finally {
    lines.close();
  }
}

/** All lines of a unit, read with a buffer of that size. */
function linesOf(lines: LineReader, start: number, end: number, isCrlf: boolean, bytes: number): string {
  const into = new Uint8Array(bytes);
  let text = '';
  for (let at = lines.lineFrom(start), stop = lines.lineFrom(end); at < stop; ) {
    const count = lines.readLines(into, at, stop, isCrlf);
    if (count === 0) throw new Error('a line is longer than the buffer');
    text += Buffer.from(into.subarray(0, count)).toString();
    at += count;
  }
  return text;
}

describe('a line reader', () => {
  it('gives each line of a range in one unit, whatever the units and the buffer', () => {
    const given = fc.record({
      lines: fc.array(fc.string({ unit: fc.constantFrom('a', ','), maxLength: 30 }), { minLength: 1 }),
      end: fc.constantFrom('\n', '\r\n'),
      isEnded: fc.boolean(),
      unitBytes: fc.integer({ min: 1, max: 40 }),
      bufferBytes: fc.integer({ min: 40, max: 200 }),
      pieceBytes: fc.integer({ min: 1, max: 100 }),
      place: fc.constantFrom('file' as const, 'memory' as const),
    });
    fc.assert(
      fc.property(given, ({ lines: all, end, isEnded, unitBytes, bufferBytes, pieceBytes, place }) => {
        const whole = all.map((line) => line + end).join('');
        const text = isEnded ? whole : whole.slice(0, -end.length);
        fc.pre(text.length > 0 && (isEnded || all.at(-1) !== ''));
        const readUnits = (lines: LineReader, range: TextRange) =>
          textUnits([range], unitBytes).map((unit) =>
            linesOf(lines, unit.start, unit.end, end === '\r\n', bufferBytes),
          );
        const read = reading(text, readUnits, {}, pieceBytes, place);
        expect(read.join('')).toBe(whole);
        for (const unit of read) expect(unit === '' || unit.endsWith(end)).toBe(true);
      }),
    );
  });

  it('finds the line behind one that is longer than a look', () => {
    const text = `${'x'.repeat(10_000)}\nshort\n`;
    reading(text, (lines) => {
      expect(lines.lineFrom(1)).toBe(10_001);
      expect(lines.lineFrom(10_001)).toBe(10_001);
      expect(lines.lineFrom(10_002)).toBe(text.length);
    });
  });

  it('knows how lines end by what lies in two pieces', () => {
    expect(reading('ab\r\ncd\r\n', (lines) => lines.endsInCrlf(0), {}, 3)).toBe(true);
    expect(reading('ab\r\ncd\r\n', (lines) => lines.endsInCrlf(4), { start: 4 }, 3)).toBe(true);
  });

  it('throws where a piece is missing, or ends before the next begins', () => {
    const cut = (lines: LineReader, { pieces }: TextRange) => {
      truncateSync(String(pieces[1]?.source), 2);
      return lines.readLines(new Uint8Array(64), 0, 12, false);
    };
    expect(() => reading('ab\ncd\nef\ngh\n', cut, {}, 3)).toThrow('ends before the next piece');
    const remove = (lines: LineReader, { pieces }: TextRange) => {
      rmSync(String(pieces[1]?.source));
      return lines.lineFrom(5);
    };
    expect(() => reading('ab\ncd\nef\ngh\n', remove, {}, 3)).toThrow('ENOENT');
  });

  it('reads no line that is longer than the buffer', () => {
    const read = (lines: LineReader) => lines.readLines(new Uint8Array(50), 0, 101, false);
    expect(reading(`${'x'.repeat(100)}\n`, read)).toBe(0);
  });

  it('begins where its range does, in the middle of a file', () => {
    const text = 'head\none\ntwo\nthree\n';
    const read = (lines: LineReader) => linesOf(lines, 9, 13, false, 64);
    expect(reading(text, read, { start: 9, end: 13 })).toBe('two\n');
  });

  it.each([
    ['LF before the range', 'a\n1\n', 2, false],
    ['CRLF before the range', 'a\r\n1\r\n', 3, true],
    ['LF of the first line', '1\n2\n', 0, false],
    ['CRLF of the first line', '1\r\n2\r\n', 0, true],
    ['CR before the range', 'a\r1\n', 2, undefined],
    ['no end of a line', 'abc', 0, undefined],
    ['CR alone', '1\r2\r', 0, undefined],
    ['nothing', '', 0, undefined],
  ])('knows how lines end by %s', (_, text, start, expected) => {
    expect(reading(text, (lines) => lines.endsInCrlf(start), { start })).toBe(expected);
  });

  it('gives nothing of a file that has shrunk', () => {
    const read = (lines: LineReader) => [
      lines.readLines(new Uint8Array(64), 4, 60, false),
      lines.lineFrom(50),
    ];
    expect(reading('a,b\n', read, { start: 4, end: 60 })).toEqual([0, 60]);
  });
});
