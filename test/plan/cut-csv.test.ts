import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutCsv } from '../../src/plan/cut-csv.ts';
import type { Storage } from '../../src/storage/storage.ts';
import { someFile } from './some-plan.ts';

/** A store of one object. */
function storeOf(bytes: Buffer): Storage {
  const read: Storage['read'] = async (_, { start, end } = { start: 0 }) => bytes.subarray(start, end);
  return { read } as Storage;
}

async function cut(text: string, bodyStart: number, targetBytes: number) {
  const bytes = Buffer.from(text);
  const file = someFile('/in/a.csv', { sizeBytes: bytes.length });
  const files = await cutCsv(storeOf(bytes), file, bodyStart, targetBytes);
  return files.map(({ part, sizeBytes }) => {
    if (part?.kind !== 'bytes') return text;
    expect(sizeBytes).toBe(part.end - part.start);
    return bytes.subarray(part.start, part.end).toString();
  });
}

const line = fc.tuple(fc.string({ maxLength: 12 }), fc.constantFrom('\n', '\r\n', '\n\n', '\r'));
const texts = fc
  .tuple(fc.array(line, { maxLength: 40 }), fc.string({ maxLength: 5 }))
  .map(([lines, last]) => lines.map((pair) => pair.join('')).join('') + last);

describe('a CSV file that is cut', () => {
  it('has each byte of its body in exactly one part, in order, and parts begin where lines do', async () => {
    await fc.assert(
      fc.asyncProperty(texts, fc.integer({ min: 1, max: 30 }), async (body, targetBytes) => {
        const header = 'a,b\n';
        const parts = await cut(header + body, header.length, targetBytes);
        if (parts.length === 1) return;
        expect(parts.join('')).toBe(body);
        for (const part of parts.slice(0, -1)) expect(part.endsWith('\n')).toBe(true);
        for (const part of parts) expect(part).not.toBe('');
      }),
    );
  });

  it('has parts of about the target', async () => {
    const body = '12345678\n'.repeat(100);
    const parts = await cut(body, 0, 90);
    expect(parts).toHaveLength(10);
    for (const part of parts) expect(part.length).toBe(90);
  });

  it('keeps a line feed with the carriage return before it', async () => {
    expect(await cut('h\r\n1\r\n2\r\n3\r\n', 3, 1)).toEqual(['1\r\n', '2\r\n', '3\r\n']);
  });

  it('gives no part of its own to what follows the last line break', async () => {
    expect(await cut('h\n11\n2', 2, 1)).toEqual(['11\n', '2']);
    expect(await cut('h\n1111111111', 2, 1)).toEqual(['h\n1111111111']);
  });

  it('stays whole when its lines do not end in a line feed', async () => {
    const text = '1,2\r'.repeat(3_000_000);
    expect(await cut(text, 0, 1_000_000)).toHaveLength(1);
  });
});
