import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { decodedColumn } from '../../src/decode/column-kind.ts';
import type { DecodeRequest } from '../../src/decode/decoder-pool.ts';
import { built } from '../built.ts';
import { folderWith } from '../plan/some-input.ts';

const { BatchBoard } = await built<typeof import('../../src/decode/batch-board.ts')>('decode/batch-board');
const { DecoderPool } = await built<typeof import('../../src/decode/decoder-pool.ts')>('decode/decoder-pool');
type Decoding = ReturnType<InstanceType<typeof DecoderPool>['decode']>;

const LINES = 300_000;
const TEXT = Array.from({ length: LINES }, (_, row) => `${row},text\n`).join('');
const [NUMBER, WORD] = ['BIGINT', 'VARCHAR'].flatMap((type) => decodedColumn(type) ?? []);

async function someText(text = TEXT): Promise<DecodeRequest> {
  const path = join(await folderWith({ 'a.csv': text }), 'a.csv');
  return {
    columns: [NUMBER, WORD].flatMap((column) => column ?? []),
    dialect: { delimiter: ',', quote: '"', nulls: [''] },
    ranges: [{ pieces: [{ source: path, start: 0 }], start: 0, end: text.length }],
    ordered: false,
    readers: 1,
  };
}

function somePool(size: number) {
  const pool = new DecoderPool(size);
  onTestFinished(() => pool.close());
  return pool;
}

/** Takes all batches, as one reader does; gives their first numbers. */
function readAll({ source }: Decoding) {
  const board = new BatchBoard(source.board);
  const firsts: number[] = [];
  let rows = 0;
  for (;;) {
    const taken = board.take();
    if (taken.kind !== 'batch') return { kind: taken.kind, rows, firsts };
    const { thread, batch } = taken.name;
    const place = source.layout.batches[batch]?.places[0]?.values ?? 0;
    const [first] = new BigInt64Array(source.memories[thread]?.buffer ?? new SharedArrayBuffer(8), place, 1);
    firsts.push(Number(first));
    rows += taken.rows;
    board.release(taken.name);
  }
}

describe('a pool of decoders', () => {
  it.each([1, 2, 4])('with %i threads decodes all rows', async (size) => {
    const decoding = somePool(size).decode(await someText());
    decoding.arrive(0, Number.POSITIVE_INFINITY);
    expect(readAll(decoding)).toMatchObject({ kind: 'end', rows: LINES });
    expect(decoding.isRefused).toBe(false);
    await decoding.close();
  });

  it.each([
    ['of one thread', 1, false],
    ['that is asked for it', 3, true],
  ])('%s gives rows in the order of their lines', async (_, size, ordered) => {
    const decoding = somePool(size).decode({ ...(await someText()), ordered });
    decoding.arrive(0, Number.POSITIVE_INFINITY);
    const { firsts } = readAll(decoding);
    expect(firsts).toEqual([...firsts].sort((a, b) => a - b));
    await decoding.close();
  });

  it('tells up to where the text is read, in order, to its end', async () => {
    const told: [range: number, end: number][] = [];
    const request = { ...(await someText()), onRead: (...read: [number, number]) => told.push(read) };
    const decoding = somePool(2).decode(request);
    decoding.arrive(0, Number.POSITIVE_INFINITY);
    readAll(decoding);
    await decoding.close();
    const ends = told.map(([, end]) => end);
    expect(ends.length).toBeGreaterThan(1);
    expect(ends).toEqual(ends.toSorted((a, b) => a - b));
    expect(told.at(-1)).toEqual([0, TEXT.length]);
  });

  it('decodes one text after another, also behind one that it refused or could not open', async () => {
    const pool = somePool(2);
    const bad = await someText('1,2,3\n');
    const gone = { ...bad, ranges: [{ pieces: [{ source: '/nowhere.csv', start: 0 }], start: 0, end: 10 }] };
    for (const request of [bad, gone]) {
      const decoding = pool.decode(request);
      decoding.arrive(0, Number.POSITIVE_INFINITY);
      expect(readAll(decoding).kind).toBe('refused');
      expect(decoding.isRefused).toBe(true);
      await decoding.close();
    }
    const decoding = pool.decode(await someText());
    decoding.arrive(0, Number.POSITIVE_INFINITY);
    expect(readAll(decoding).rows).toBe(LINES);
    await decoding.close();
  });

  it('uses the memory again that nobody holds, and none that is held', async () => {
    const pool = somePool(1);
    const request = await someText();
    const memories: unknown[] = [];
    for (const isHeld of [false, true, false]) {
      const decoding = pool.decode(request);
      decoding.arrive(0, Number.POSITIVE_INFINITY);
      memories.push(decoding.source.memories[0]?.buffer);
      if (isHeld) new BatchBoard(decoding.source.board).take();
      await decoding.close();
    }
    expect(memories[1]).toBe(memories[0]);
    expect(memories[2]).not.toBe(memories[1]);
  });

  it('uses the memory again for a text of other columns', async () => {
    const pool = somePool(2);
    const { columns, ...request } = await someText();
    const memories: unknown[] = [];
    for (const wanted of [columns, [...columns, ...columns, ...columns]]) {
      const decoding = pool.decode({ ...request, columns: wanted });
      memories.push(decoding.source.memories.map(({ buffer }) => buffer));
      decoding.stop();
      await decoding.close();
    }
    expect(memories[1]).toEqual(memories[0]);
    for (const [thread, buffer] of (memories[0] as unknown[]).entries())
      expect((memories[1] as unknown[])[thread]).toBe(buffer);
  });

  it('can be closed while text has not arrived', async () => {
    const decoding = somePool(2).decode(await someText());
    decoding.stop();
    expect(readAll(decoding).kind).toBe('stopped');
    await decoding.close();
  });
});
