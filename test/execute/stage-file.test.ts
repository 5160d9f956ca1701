import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stageFile } from '../../src/execute/stage-file.ts';
import { writeAll } from '../../src/execute/write-all.ts';
import { someFolder } from './some-step.ts';

describe('a staged file', () => {
  it.each([
    ['no chunk', []],
    ['thousands of small chunks', Array.from({ length: 2000 }, (_, at) => Buffer.from(`${at},`))],
    ['large chunks', [Buffer.alloc(5_000_000, 1), Buffer.alloc(0), Buffer.alloc(3_000_000, 2)]],
  ])('of %s has their bytes and hash', async (_, chunks: Buffer[]) => {
    const path = join(await someFolder(), 'file');
    const whole = Buffer.concat(chunks);
    expect(await stageFile(path, chunks)).toEqual({
      bytes: whole.length,
      sha256: createHash('sha256').update(whole).digest('hex'),
    });
    expect(readFileSync(path).equals(whole)).toBe(true);
  });
});

it('chunks are written whole, however little the system takes at a time', async () => {
  const chunk = fc.uint8Array({ maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(chunk),
      fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
      async (chunks, takes) => {
        const written: Uint8Array[] = [];
        const writev = async (buffers: readonly NodeJS.ArrayBufferView[]) => {
          const bytes = Buffer.concat(buffers as Uint8Array[]);
          const taken = bytes.subarray(0, takes.next().value);
          written.push(taken);
          return { bytesWritten: taken.length, buffers };
        };
        await writeAll({ writev } as Parameters<typeof writeAll>[0], chunks);
        expect(Buffer.concat(written)).toEqual(Buffer.concat(chunks));
      },
    ),
  );
});
