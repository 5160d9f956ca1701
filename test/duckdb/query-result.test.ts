import type { RecordBatch } from 'apache-arrow';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSession, type QueryResult, type Session } from '../../src/duckdb/session.ts';

let session: Session;
beforeEach(async () => {
  session = await openSession({ settings: { threads: 2 } });
});
afterEach(() => session.close());

async function countRows(batches: AsyncIterable<RecordBatch>): Promise<number> {
  let rows = 0;
  for await (const batch of batches) rows += batch.numRows;
  return rows;
}

const stream = (sql: string, parameters = {}) => session.query(sql, parameters, { stream: true });

/** More than one buffer of rows at once, then none for a long time. */
const STALLING = 'SELECT i FROM range(1000000000000) t(i) WHERE i < 300000';
const BUSY = 'a streamed result is open on this session: read it to its end, close it, or connect() another';
const CLOSED = 'the query result is closed; run the query again';

async function firstBatch(result: QueryResult) {
  const batches = result[Symbol.asyncIterator]();
  await batches.next();
  return batches;
}

describe('a result', () => {
  it.each([true, false])('gives all rows in batches of up to 2048 (streamed: %s)', async (streamed) => {
    const result = await session.query(
      'SELECT i FROM range($n) t(i)',
      { n: 1_000_000 },
      { stream: streamed },
    );
    const sizes: number[] = [];
    let sum = 0n;
    for await (const batch of result) {
      sizes.push(batch.numRows);
      for (const value of batch.getChild('i') ?? []) sum += value as bigint;
    }
    expect(Math.max(...sizes)).toBeLessThanOrEqual(2048);
    expect(sum).toBe(499_999_500_000n);
  });

  it('can be read once', async () => {
    const result = await session.query('SELECT 1');
    expect(await countRows(result)).toBe(1);
    await expect(countRows(result)).rejects.toThrow('a query result can be read once; run the query again');
  });

  it('that is closed cannot be read, nor further', async () => {
    const unread = await session.query('SELECT 1');
    unread.close();
    unread.close();
    await expect(countRows(unread)).rejects.toThrow(CLOSED);
    const read = await firstBatch(await stream('SELECT * FROM range(100000)'));
    await read.return(undefined);
    expect(await read.next()).toEqual({ done: true, value: undefined });
  });

  it('closes itself when the loop over it breaks', async () => {
    for await (const _ of await stream('SELECT * FROM range(1000000)')) break;
    expect(await session.rows('SELECT 1 AS v')).toEqual([{ v: 1 }]);
  });

  it('of a type that Arrow lacks is a clear error, and the session goes on', async () => {
    for (const streamed of [true, false]) {
      await expect(session.query('SELECT 1::VARIANT AS v', {}, { stream: streamed })).rejects.toMatchObject({
        kind: 'job',
        message:
          'a column of the result cannot leave DuckDB (Unsupported Arrow type VARIANT); cast it in the SQL, to JSON or VARCHAR for example',
      });
    }
    expect(await session.rows('SELECT 1::VARIANT::VARCHAR AS v')).toEqual([{ v: '1' }]);
  });
});

describe('a stream that is fetched ahead', () => {
  const ahead = (sql: string) => session.query(sql, {}, { stream: true, ahead: true });

  it('gives all rows in their order, each batch good until the next is asked for', async () => {
    let next = 0n;
    const sql =
      "SELECT i, 'text ' || i AS t, CASE WHEN i % 7 > 0 THEN [i, i + 1] END AS l FROM range(100000) r(i)";
    for await (const batch of await ahead(sql)) {
      const [i, t, l] = [batch.getChild('i'), batch.getChild('t'), batch.getChild('l')];
      for (let row = 0; row < batch.numRows; row++, next++) {
        expect(i?.get(row)).toBe(next);
        expect(t?.get(row)).toBe(`text ${next}`);
        expect(l?.get(row)?.toArray() ?? null).toEqual(
          next % 7n > 0n ? BigInt64Array.of(next, next + 1n) : null,
        );
      }
    }
    expect(next).toBe(100_000n);
  });

  it('lies in memory that the next batch is written over', async () => {
    const buffers = new Set<ArrayBufferLike>();
    for await (const batch of await ahead('SELECT i FROM range(100000) r(i)'))
      buffers.add(batch.data.children[0]?.values.buffer);
    expect(buffers.size).toBeLessThan(4);
  });

  it('leaves the session free when it is broken off, though the next batch is far', async () => {
    for await (const _ of await ahead(STALLING)) break;
    expect(await session.rows('SELECT 1 AS v')).toEqual([{ v: 1 }]);
  });

  it('that fails gives the rows before it, then the error', async () => {
    let rows = 0;
    const read = async () => {
      for await (const batch of await ahead(
        "SELECT CASE WHEN i < 200000 THEN i ELSE error('boom')::BIGINT END AS v FROM range(300000) t(i)",
      ))
        rows += batch.numRows;
    };
    await expect(read()).rejects.toMatchObject({ kind: 'data', message: 'boom' });
    expect(rows).toBeGreaterThan(0);
    expect(await session.rows('SELECT 1 AS v')).toEqual([{ v: 1 }]);
  });

  it.each(['at once', 'when the next batch is there'])(
    'that is closed %s says so when it is read on',
    async (when) => {
      const result = await ahead('SELECT i FROM range(3000000) t(i)');
      const batches = result[Symbol.asyncIterator]();
      await batches.next();
      if (when !== 'at once') await result.settle();
      result.close();
      await expect(batches.next()).rejects.toThrow(CLOSED);
      expect(await session.rows('SELECT 1 AS v')).toEqual([{ v: 1 }]);
    },
  );
});

describe('a session with an open stream', () => {
  it('is busy until the stream is read to its end', async () => {
    const result = await stream('SELECT i FROM range(300000) t(i)');
    await expect(session.query('SELECT 1')).rejects.toThrow(BUSY);
    await expect(session.run('SELECT 1')).rejects.toThrow(BUSY);
    expect(await countRows(result)).toBe(300_000);
    expect(await session.rows('SELECT 1 AS v')).toEqual([{ v: 1 }]);
  });

  it('is busy for a query that was asked for before it had opened', async () => {
    const opening = stream('SELECT i FROM range(300000) t(i)');
    const second = session.query('SELECT 1');
    await expect(second).rejects.toThrow(BUSY);
    expect(await countRows(await opening)).toBe(300_000);
  });

  it('stays busy when another result is closed', async () => {
    const other = await session.query('SELECT 1');
    const result = await stream('SELECT i FROM range(300000) t(i)');
    other.close();
    await expect(session.query('SELECT 1')).rejects.toThrow(BUSY);
    expect(await countRows(result)).toBe(300_000);
  });

  it('is free once it is closed, even unread', async () => {
    (await stream('SELECT * FROM range(100000000)')).close();
    expect(await session.rows('SELECT 1 AS v')).toEqual([{ v: 1 }]);
  });
});

describe('closing while a thread is in the result', () => {
  it('waits with the release: the read fails, nothing crashes, and the session is free after it', async () => {
    const result = await stream('SELECT sum(i) AS s FROM range(30000000) t(i) GROUP BY i % 3');
    const reading = result[Symbol.asyncIterator]().next();
    result.close();
    const next = session.rows('SELECT 1 AS v');
    await expect(reading).rejects.toThrow(CLOSED);
    expect(await next).toEqual([{ v: 1 }]);
  });

  it('of a session closes the results that nobody read', async () => {
    const own = await openSession();
    const [result, streamed] = [await own.query('SELECT 1'), await own.connect()];
    const other = await streamed.query('SELECT * FROM range(1000000)', {}, { stream: true });
    await Promise.all([own.close(), streamed.close()]);
    await expect(countRows(result)).rejects.toThrow(CLOSED);
    await expect(countRows(other)).rejects.toThrow(CLOSED);
  });

  it('is as safe when it is the session that closes', async () => {
    const own = await session.connect();
    const result = await own.query('SELECT i FROM range(3000000) t(i)', {}, { stream: true });
    const reading = result[Symbol.asyncIterator]().next();
    await Promise.all([own.close(), expect(reading).rejects.toThrow(CLOSED)]);
  });
});

describe('a stream that fails', () => {
  const failing =
    "SELECT CASE WHEN i < 200000 THEN i ELSE error('boom ' || i)::BIGINT END AS v FROM range(300000) t(i)";

  it('gives the rows before it, then the error with its own message, however often it is tried', async () => {
    for (let round = 0; round < 100; round++) {
      let rows = 0;
      const read = async () => {
        for await (const batch of await stream(failing)) rows += batch.numRows;
      };
      await expect(read()).rejects.toMatchObject({
        kind: 'data',
        message: expect.stringMatching(/^boom 2\d+$/),
      });
      expect(rows).toBeGreaterThan(0);
    }
  });

  it('leaves the session free', async () => {
    await expect(stream(failing).then(countRows)).rejects.toThrow('boom');
    expect(await session.rows('SELECT 1 AS v')).toEqual([{ v: 1 }]);
  });

  it('because it was interrupted says so', async () => {
    const batches = await firstBatch(await stream(STALLING));
    const rest = (async () => {
      while (!(await batches.next()).done);
    })();
    const failed = expect(rest).rejects.toMatchObject({ kind: 'interrupted', message: 'Interrupted!' });
    session.interrupt();
    await failed;
    expect(await session.rows('SELECT 1 AS v')).toEqual([{ v: 1 }]);
  });
});
