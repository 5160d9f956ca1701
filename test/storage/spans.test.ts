import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countBytes, mergeSpans, type Span, splitSpan, subtractSpans } from '../../src/storage/spans.ts';

const anySpan = fc
  .tuple(fc.nat(60), fc.nat(20))
  .map(([start, length]): Span => ({ start, end: start + length }));
const anySpans = fc.array(anySpan, { maxLength: 12 });

/** The bytes of spans, one by one. */
function bytesOf(spans: readonly Span[]): Set<number> {
  return new Set(
    spans.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, index) => start + index)),
  );
}

function gapsOf(spans: readonly Span[]): number[] {
  return spans.slice(1).map(({ start }, index) => start - (spans[index]?.end ?? 0));
}

describe('merged spans', () => {
  it('hold the bytes of all spans, each once, in order', () => {
    fc.assert(
      fc.property(anySpans, (spans) => {
        const merged = mergeSpans(spans);
        expect(bytesOf(merged)).toEqual(bytesOf(spans));
        expect(countBytes(merged)).toBe(bytesOf(spans).size);
        expect(gapsOf(merged).every((gap) => gap > 0)).toBe(true);
      }),
    );
  });

  it('bridge the gaps up to the given size, and no others', () => {
    fc.assert(
      fc.property(anySpans, fc.nat(10), (spans, gapBytes) => {
        const exact = mergeSpans(spans);
        const bridged = gapsOf(exact).filter((gap) => gap <= gapBytes);
        const merged = mergeSpans(spans, gapBytes);
        expect(countBytes(merged)).toBe(countBytes(exact) + bridged.reduce((total, gap) => total + gap, 0));
        expect(gapsOf(merged).every((gap) => gap > gapBytes)).toBe(true);
      }),
    );
  });
});

describe('subtracted spans', () => {
  it('are the bytes of the first that are not in the second', () => {
    fc.assert(
      fc.property(anySpans, anySpans, (wanted, taken) => {
        const left = subtractSpans(mergeSpans(wanted), mergeSpans(taken));
        expect(bytesOf(left)).toEqual(
          new Set([...bytesOf(wanted)].filter((byte) => !bytesOf(taken).has(byte))),
        );
        expect(countBytes(left)).toBe(bytesOf(left).size);
      }),
    );
  });
});

describe('a split span', () => {
  it('is the same bytes in parts that are none too large, none empty', () => {
    fc.assert(
      fc.property(anySpan, fc.integer({ min: 1, max: 9 }), (span, partBytes) => {
        const parts = splitSpan(span, partBytes);
        expect(mergeSpans(parts)).toEqual(mergeSpans([span]));
        expect(parts.every((part) => countBytes([part]) <= partBytes && countBytes([part]) > 0)).toBe(true);
      }),
    );
  });

  it('has parts of about one size', () => {
    expect(splitSpan({ start: 100, end: 110 }, 4)).toEqual([
      { start: 100, end: 103 },
      { start: 103, end: 107 },
      { start: 107, end: 110 },
    ]);
  });
});
