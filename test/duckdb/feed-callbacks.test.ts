import koffi from 'koffi';
import { describe, expect, it } from 'vitest';
import { BatchBoard } from '../../src/decode/batch-board.ts';
import { decodedColumn, SKIPPED } from '../../src/decode/column-kind.ts';
import { layOutRows } from '../../src/decode/row-layout.ts';
import { FEED_REFUSED, FeedCallbacks } from '../../src/duckdb/feed-callbacks.ts';
import { FeedStructs } from '../../src/duckdb/feed-structs.ts';
import { addressOf, readText, readWords } from '../../src/duckdb/memory.ts';
import { createMemory } from '../../src/web-assembly.ts';

/** As DuckDB calls a stream: by the addresses in its structs. */
const GET = koffi.proto('int CalledGet(void* stream, void* out)');
const RELEASE = koffi.proto('void CalledRelease(void* struct)');
const ERROR = koffi.proto('const char* CalledError(void* stream)');

const [GET_SCHEMA, GET_NEXT, LAST_ERROR, RELEASE_STREAM] = [0, 1, 2, 3];
const RELEASE_OF_ARRAY = 8;

const COLUMNS = [SKIPPED, ...['BIGINT', 'VARCHAR'].flatMap((type) => decodedColumn(type) ?? [])];
const callbacks = new FeedCallbacks();
let opened = 0;

/** A feed of two batches of one unit, that lie there already. */
function someFeed({ rows = [3, 2], id = opened++ } = {}) {
  const layout = layOutRows(COLUMNS, 2);
  const memory = createMemory(layout.pages);
  const board = BatchBoard.create({ threads: 1, batchesPerThread: 2, units: 1, ordered: true });
  for (const [batch, count] of rows.entries()) {
    board.takeFree(0);
    const isLast = batch === rows.length - 1;
    board.publish({ thread: 0, batch }, { rows: count, unit: 0, ordinal: batch, isLast });
  }
  const source = { board: board.parts, memories: [memory], layout };
  const stream = callbacks.open(id, 'feed', source);
  const functions = readWords(stream, 4);
  const call = (index: number, type: ReturnType<typeof koffi.proto>, ...args: unknown[]) =>
    koffi.call(functions[index] ?? 0n, type, ...args);
  const next = () => {
    const array = new BigInt64Array(10);
    return { code: call(GET_NEXT, GET, stream, array), array };
  };
  const release = (array: BigInt64Array) => koffi.call(array[RELEASE_OF_ARRAY] ?? 0n, RELEASE, array);
  return { id, board, stream, layout, memory, call, next, release };
}

describe('a feed', () => {
  it('has one struct column of the columns that are decoded, and a barrier', () => {
    const { call, stream } = someFeed();
    const schema = new BigInt64Array(9);
    expect(call(GET_SCHEMA, GET, stream, schema)).toBe(0);
    const childrenOf = (struct: BigInt64Array) =>
      [...readWords(struct[5] ?? 0n, Number(struct[4]))].map((address) => readWords(address, 9));
    const [row] = childrenOf(schema);
    expect([readText(row?.[0] ?? 0n), readText(row?.[1] ?? 0n)]).toEqual(['+s', 'feed']);
    const fields = childrenOf(row as BigInt64Array).map((field) => [
      readText(field[0] ?? 0n),
      readText(field[1] ?? 0n),
    ]);
    expect(fields).toEqual([
      ['l', 'c1'],
      ['vu', 'c2'],
      ['n', 'barrier'],
    ]);
  });

  it('gives its batches, which point into the memory, then its end', () => {
    const { next, release, memory, layout } = someFeed();
    const first = next();
    expect([first.code, first.array[0]]).toEqual([0, 3n]);
    const [rowAddress] = readWords(first.array[6] ?? 0n, 1);
    const row = readWords(rowAddress ?? 0n, 10);
    const [number, text] = [...readWords(row[6] ?? 0n, 3)].map((address) => readWords(address, 10));
    const base = addressOf(new Uint8Array(memory.buffer));
    const place = layout.batches[0]?.places[1];
    expect([number?.[0], number?.[3], text?.[3]]).toEqual([3n, 2n, 4n]);
    expect([...readWords(number?.[5] ?? 0n, 2)]).toEqual([
      base + BigInt(place?.validity ?? 0),
      base + BigInt(place?.values ?? 0),
    ]);
    const second = next();
    expect([second.code, second.array[0]]).toEqual([0, 2n]);
    release(first.array);
    release(second.array);
    expect([first.array[RELEASE_OF_ARRAY], second.array[RELEASE_OF_ARRAY]]).toEqual([0n, 0n]);
    const end = next();
    expect([end.code, end.array[RELEASE_OF_ARRAY]]).toEqual([0, 0n]);
  });

  it('is refused when it is read on behind its end', () => {
    const { board, next, release } = someFeed({ rows: [1] });
    release(next().array);
    expect(next().code).toBe(0);
    expect(board.isRefused).toBe(false);
    expect(next().code).not.toBe(0);
    expect(board.isRefused).toBe(true);
  });

  it.each(['refuse', 'stop'] as const)('fails with a message once its board has ended: %s', (end) => {
    const { board, call, next, stream } = someFeed();
    board[end]();
    expect(next().code).not.toBe(0);
    expect(call(LAST_ERROR, ERROR, stream)).toBe(FEED_REFUSED);
    call(RELEASE_STREAM, RELEASE, stream);
  });

  it('frees a batch when it is released, even when the feed was closed before', () => {
    const { id, board, next, release } = someFeed();
    const [first, second] = [next(), next()];
    callbacks.close(id);
    release(first.array);
    expect(board.isHeld).toBe(true);
    release(second.array);
    expect(board.isHeld).toBe(false);
    expect(next().code).not.toBe(0);
  });

  it('fails when it was closed', () => {
    const { id, board, next, call, stream } = someFeed();
    callbacks.close(id);
    expect(next().code).not.toBe(0);
    expect(call(GET_SCHEMA, GET, stream, new BigInt64Array(9))).not.toBe(0);
    expect(board.isHeld).toBe(false);
    callbacks.close(id);
  });

  it('keeps apart from others with as many batches', () => {
    const [one, other] = [someFeed(), someFeed()];
    const { array } = other.next();
    expect(one.board.isHeld).toBe(false);
    one.release(array);
    expect(other.board.isHeld).toBe(false);
  });
});

describe('the structs of a feed', () => {
  it('have numbers that name feed and batch', () => {
    const layout = layOutRows(COLUMNS, 3);
    const { parts: board } = BatchBoard.create({ threads: 2, batchesPerThread: 3, units: 1, ordered: false });
    const memories = [createMemory(layout.pages), createMemory(layout.pages)];
    const functions = {
      ...{ getSchema: 1n, getNext: 2n, lastError: 3n, releaseStream: 4n },
      ...{ releaseSchema: 5n, releaseBatch: 6n, releaseColumn: 7n },
    };
    const source = { board, memories, layout };
    const structs = new FeedStructs({ id: 7, column: 'feed', source, functions });
    for (const name of [
      { thread: 0, batch: 2 },
      { thread: 1, batch: 0 },
    ]) {
      const key = Number(readWords(structs.batch(name, 10), 10)[9]);
      expect(FeedStructs.idOf(key)).toBe(7);
      expect(structs.nameOf(key)).toEqual(name);
    }
    expect(() => structs.batch({ thread: 2, batch: 0 }, 1)).toThrow('there is no batch 0 of thread 2');
  });

  it('fit for text of many columns', () => {
    const columns = Array.from({ length: 512 }, () => COLUMNS[2] ?? SKIPPED);
    const layout = layOutRows(columns, 2);
    const { parts: board } = BatchBoard.create({ threads: 1, batchesPerThread: 2, units: 1, ordered: false });
    const source = { board, memories: [createMemory(layout.pages)], layout };
    const functions = {
      ...{ getSchema: 1n, getNext: 2n, lastError: 3n, releaseStream: 4n },
      ...{ releaseSchema: 5n, releaseBatch: 6n, releaseColumn: 7n },
    };
    expect(new FeedStructs({ id: 0, column: 'f', source, functions }).end).toBeTypeOf('bigint');
  });
});
