import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stageGzip } from '../../src/execute/stage-gzip.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pitwall-gzip-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function stage(bytes: Uint8Array, limits?: { ratio: number; sizeBytes: number }): Promise<Buffer> {
  const [source, target] = [join(folder, 'a.gz'), join(folder, 'a')];
  await writeFile(source, bytes);
  await stageGzip('a.gz', source, target, limits);
  return await readFile(target);
}

const good = gzipSync('one line\n'.repeat(10_000));
const flipped = (at: number) => good.map((byte, index) => (index === good.length + at ? byte ^ 1 : byte));

/** A gzip member of exactly `bytes` bytes: its header holds a file name as long as it takes. */
function memberOfSize(content: string, bytes: number): Buffer {
  const plain = gzipSync(content);
  const header = Buffer.from(plain.subarray(0, 10));
  header[3] = 8;
  const name = Buffer.concat([Buffer.alloc(bytes - plain.length - 1, 'n'), Buffer.alloc(1)]);
  return Buffer.concat([header, name, plain.subarray(10)]);
}

describe('staging gzip', () => {
  it('gives back any content, of any number of members', async () => {
    const contents = fc.array(fc.string({ maxLength: 3000 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(contents, async (texts) => {
        const staged = await stage(Buffer.concat(texts.map((text) => gzipSync(text))));
        expect(staged.toString()).toBe(texts.join(''));
      }),
      { numRuns: 50 },
    );
  });

  it('reads members that end where a chunk does', async () => {
    const members = [
      memberOfSize('first', 1024 * 1024),
      memberOfSize('second', 1024 * 1024),
      gzipSync('third'),
    ];
    expect((await stage(Buffer.concat(members))).toString()).toBe('firstsecondthird');
  });

  it('reads more than one chunk', async () => {
    const content = Buffer.from(
      Array.from({ length: 400_000 }, (_, index) => `${(index * 2_654_435_761) % 4_294_967_296}\n`).join(''),
    );
    expect((await stage(gzipSync(content))).equals(content)).toBe(true);
  });

  const CUT =
    'the gzip file is cut: it ends before its data does (unexpected end of file); make or copy it again';
  it.each([
    ['cut in the middle', good.subarray(0, good.length / 2), CUT],
    ['without its footer', good.subarray(0, -8), CUT],
    ['without its last byte', good.subarray(0, -1), CUT],
    ['cut in its second member', Buffer.concat([good, good.subarray(0, -5)]), CUT],
    [
      'of a wrong checksum',
      flipped(-8),
      'the gzip file is damaged (incorrect data check); make or copy it again',
    ],
    [
      'of a wrong length',
      flipped(-4),
      'the gzip file is damaged (incorrect length check); make or copy it again',
    ],
    [
      'followed by text',
      Buffer.concat([good, Buffer.from('text')]),
      'the gzip file is damaged (incorrect header check); make or copy it again',
    ],
    [
      'followed by zeros',
      Buffer.concat([good, Buffer.alloc(9)]),
      '9 bytes follow the end of the gzip data; make the file again',
    ],
    [
      'followed by zeros in another chunk',
      Buffer.concat([memberOfSize('x', 1024 * 1024), Buffer.alloc(9)]),
      '9 bytes follow the end of the gzip data; make the file again',
    ],
    [
      'that is none',
      Buffer.from('a,b\n1,2\n'),
      'the gzip file is damaged (incorrect header check); make or copy it again',
    ],
  ])('refuses a file %s and leaves nothing', async (_, bytes, message) => {
    await rm(join(folder, 'a'), { force: true });
    await expect(stage(bytes)).rejects.toMatchObject({ kind: 'data', message, place: { file: 'a.gz' } });
    expect(await readdir(folder)).toEqual(['a.gz']);
  });

  it('refuses a file cut on a line boundary, which DuckDB takes for a shorter one', async () => {
    const firstHalf = gzipSync('one line\n'.repeat(500), { level: 0 }).subarray(0, 15 + 9 * 100);
    await expect(stage(firstHalf)).rejects.toThrow(CUT);
  });

  it('refuses what grows without bounds, long before it is written', async () => {
    const bomb = Buffer.concat(
      Array.from({ length: 40 }, () => gzipSync(Buffer.alloc(10_000_000), { level: 9 })),
    );
    await expect(stage(bomb)).rejects.toThrow(
      'the gzip file grows by more than 250 times, which is the limit; decompress it yourself if it is good',
    );
    await expect(stage(bomb, { ratio: 2000, sizeBytes: 1_000_000 })).rejects.toThrow(
      'the gzip file holds more than 1000000 bytes, which is the limit; decompress it yourself if it is good',
    );
    expect(await readdir(folder)).toEqual(['a.gz']);
  });
});
