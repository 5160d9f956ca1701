import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSession } from '../../src/duckdb/session.ts';
import { verifyZstd } from '../../src/execute/stage-zstd.ts';

let folder: string;
let good: Buffer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pitwall-zstd-'));
  const session = await openSession();
  await session.run(
    `COPY (SELECT hash(i) AS a, 'x' AS b FROM range(100000) t(i)) TO '${folder}/good.zst' (FORMAT csv, COMPRESSION zstd)`,
  );
  await session.close();
  good = await readFile(join(folder, 'good.zst'));
});
afterAll(() => rm(folder, { recursive: true }));

async function verify(bytes: Uint8Array): Promise<void> {
  const path = join(folder, 'a.zst');
  await writeFile(path, bytes);
  await verifyZstd('a.zst', path);
}

describe('checking zstd', () => {
  it('takes one frame, several, skippable ones, and one without content', async () => {
    const skippable = Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
    const empty = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, 0, 1, 0, 0]);
    await verify(good);
    await verify(Buffer.concat([good, good]));
    await verify(Buffer.concat([skippable, good, skippable, empty]));
  });

  it('refuses a file that is cut anywhere', async () => {
    const message = 'the zstd file is cut: it ends before its data does; make or copy it again';
    const ends = Array.from({ length: 200 }, (_, index) => Math.floor((good.length * (index + 1)) / 201));
    for (const end of [1, 4, 5, 7, ...ends, good.length - 4, good.length - 1]) {
      await expect(verify(good.subarray(0, end))).rejects.toMatchObject({
        kind: 'data',
        message,
        place: { file: 'a.zst' },
      });
    }
  });

  it('refuses what follows the last frame, and what is no frame', async () => {
    await expect(verify(Buffer.concat([good, Buffer.from('garbage bytes')]))).rejects.toThrow(
      `the zstd file is damaged: byte ${good.length} starts no zstd frame; make or copy it again`,
    );
    await expect(verify(Buffer.from('a,b\n1,2\n3,4\n'))).rejects.toThrow(
      'the zstd file is damaged: byte 0 starts no zstd frame; make or copy it again',
    );
  });
});
