import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutText } from '../../src/report/cut-text.ts';
import { batchLength, eventBytes, fitLine, type LogEvent } from '../../src/report/log-batches.ts';

const DAY_MS = 24 * 3_600_000;
const event = (message: string, timestamp = 0): LogEvent => ({ timestamp, message });

describe('a batch', () => {
  it('has at most 10,000 events', () => {
    expect(batchLength(Array.from({ length: 10_001 }, () => event('a')))).toBe(10_000);
  });

  it('has at most 1 MiB of UTF-8, each event counted with 26 bytes more', () => {
    const quarter = 'ä'.repeat((2 ** 18 - 26) / 2);
    expect(batchLength([quarter, quarter, quarter, quarter, ''].map((text) => event(text)))).toBe(4);
    expect(eventBytes(event(quarter))).toBe(2 ** 18);
  });

  it('spans less than 24 hours', () => {
    expect(batchLength([event('a', 5), event('b', 5 + DAY_MS - 1), event('c', 5 + DAY_MS)])).toBe(2);
  });

  it('is nothing of nothing', () => {
    expect(batchLength([])).toBe(0);
  });

  it('keeps to all limits, whatever the lines are', () => {
    const lines = fc.record({
      bytes: fc.integer({ min: 0, max: 300_000 }),
      afterMs: fc.integer({ min: 0, max: DAY_MS }),
    });
    fc.assert(
      fc.property(fc.array(lines, { minLength: 1, maxLength: 40 }), (some) => {
        let timestamp = 0;
        const events = some.map(({ bytes, afterMs }) => {
          timestamp += afterMs;
          return event(fitLine('x'.repeat(bytes)), timestamp);
        });
        const batch = events.slice(0, batchLength(events));
        expect(batch.length).toBeGreaterThan(0);
        expect(batch.reduce((total, each) => total + eventBytes(each), 0)).toBeLessThanOrEqual(1_048_576);
        expect((batch.at(-1)?.timestamp ?? 0) - (batch[0]?.timestamp ?? 0)).toBeLessThan(DAY_MS);
        for (const each of batch) expect(eventBytes(each)).toBeLessThanOrEqual(262_144);
      }),
      { numRuns: 50 },
    );
  });
});

describe('a line that is too long', () => {
  it('stays a JSON document: its long texts are cut and marked, the others are whole', () => {
    const line = JSON.stringify({ level: 'error', run: 'r', msg: 'é'.repeat(200_000) });
    const cut = fitLine(line);
    expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(262_144 - 26);
    expect(JSON.parse(cut)).toEqual({
      level: 'error',
      run: 'r',
      msg: expect.stringMatching(/^é+ … \[cut, 400000 bytes in all\]$/),
      cut: Buffer.byteLength(line),
    });
  });

  it('is cut as a text when its texts are not what is long, or it is no JSON', () => {
    const numbers = JSON.stringify({ list: Array.from({ length: 100_000 }, (_, index) => index) });
    for (const line of [numbers, 'x'.repeat(300_000)]) {
      const cut = fitLine(line);
      expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(262_144 - 26);
      expect(cut).toMatch(/ … \[cut, \d+ bytes in all\]$/);
    }
  });

  it('is one only beyond the limit', () => {
    const line = 'x'.repeat(262_144 - 26);
    expect(fitLine(line)).toBe(line);
  });
});

describe('a text that is cut', () => {
  it('never ends within a character, and is not longer than asked for', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', minLength: 60 }).filter((text) => !text.includes('\uFFFD')),
        fc.integer({ min: 64, max: 300 }),
        (text, most) => {
          const cut = cutText(text, most);
          expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(most);
          expect(cut).not.toContain('\uFFFD');
          const [kept = ''] = cut.split(' … [cut, ');
          expect(text.startsWith(kept)).toBe(true);
        },
      ),
    );
  });
});
