import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BatchBoard, type BoardParts } from '../../src/decode/batch-board.ts';

const MOST_FILLERS = 3;
/** How a filling thread goes on, and how many batches the taking one holds. */
interface Work {
  readonly board: BoardParts;
  /** Rows of each batch, by unit. */
  readonly rows: readonly (readonly number[])[];
  readonly refusedUnit: number | undefined;
  readonly stopAfter: number | undefined;
  readonly held: number;
  /** What each batch holds: its unit and place. */
  readonly contents: SharedArrayBuffer;
}

/** The board blocks its threads: these have the built one. They answer `ready` first. */
const THREAD = `
  const { parentPort, workerData } = require('node:worker_threads');
  import(workerData.board).then(({ BatchBoard }) => {
    const acts = {
      fill({ board: parts, rows, refusedUnit, contents, thread }) {
        const board = new BatchBoard(parts);
        const words = new Int32Array(contents);
        for (let unit = board.takeUnit(); unit !== undefined; unit = board.takeUnit()) {
          if (unit === refusedUnit) return board.refuse();
          for (const [ordinal, count] of rows[unit].entries()) {
            const batch = board.takeFree(thread);
            if (batch === undefined) return;
            words[thread * parts.batchesPerThread + batch] = unit * 100 + ordinal;
            const isLast = ordinal === rows[unit].length - 1;
            board.publish({ thread, batch }, { rows: count, unit, ordinal, isLast });
          }
        }
      },
      take({ board: parts, stopAfter, held, contents }) {
        const board = new BatchBoard(parts);
        const words = new Int32Array(contents);
        const [taken, holding] = [[], []];
        const contentOf = ({ thread, batch }) => words[thread * parts.batchesPerThread + batch];
        let changed = 0;
        const release = ({ name, content }) => {
          if (contentOf(name) !== content) changed++;
          board.release(name);
        };
        for (;;) {
          if (taken.length === stopAfter) board.stop();
          const { kind, name, rows } = board.take();
          if (kind !== 'batch') {
            holding.splice(0).forEach(release);
            return { kind, taken, changed, isHeld: board.isHeld };
          }
          const content = contentOf(name);
          taken.push({ unit: Math.floor(content / 100), ordinal: content % 100, rows });
          holding.push({ name, content });
          if (holding.length > held) release(holding.splice((content * 7) % holding.length, 1)[0]);
        }
      },
    };
    parentPort.on('message', ({ act, work }) => parentPort.postMessage(acts[act](work)));
    parentPort.postMessage('ready');
  });
`;

let fillers: Worker[];
let taker: Worker;
beforeAll(async () => {
  const board = new URL('../../dist/decode/batch-board.js', import.meta.url).href;
  const workers = Array.from(
    { length: MOST_FILLERS + 1 },
    () => new Worker(THREAD, { eval: true, workerData: { board } }),
  );
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  [taker, ...fillers] = workers as [Worker, ...Worker[]];
});
afterAll(() => Promise.all([taker, ...fillers].map((worker) => worker.terminate())));

async function ask(worker: Worker, act: string, work: object) {
  const answer = once(worker, 'message');
  worker.postMessage({ act, work });
  const [result] = await answer;
  return result;
}

interface Case extends Pick<Work, 'rows' | 'held'> {
  readonly threads: number;
  readonly ordered: boolean;
  /** Ranks of the units, by which they arrive. */
  readonly arrivals: readonly number[];
}

const someCase: fc.Arbitrary<Case> = fc
  .array(fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 5 }), { maxLength: 12 })
  .chain((rows) =>
    fc.record({
      rows: fc.constant(rows),
      held: fc.nat({ max: 3 }),
      threads: fc.integer({ min: 1, max: MOST_FILLERS }),
      ordered: fc.boolean(),
      arrivals: fc.array(fc.nat(), { minLength: rows.length, maxLength: rows.length }),
    }),
  );

/** Has threads fill and take a board, and gives what was taken once all have ended. */
async function exchange({ rows, held, threads, ordered, arrivals }: Case, ends: Partial<Work> = {}) {
  const batchesPerThread = held + 2;
  const board = BatchBoard.create({ threads, batchesPerThread, units: rows.length, ordered });
  const contents = new SharedArrayBuffer(threads * batchesPerThread * 4);
  const work = { board: board.parts, rows, held, contents, ...ends };
  const taken = ask(taker, 'take', work);
  const filled = fillers.slice(0, threads).map((filler, thread) => ask(filler, 'fill', { ...work, thread }));
  const units = [...rows.keys()].sort((a, b) => (arrivals[a] ?? 0) - (arrivals[b] ?? 0));
  for (const unit of units) {
    board.arrive(unit);
    await new Promise(setImmediate);
  }
  await Promise.all(filled);
  return { board, result: await taken };
}

/** The batches that have rows, in the order of their units. */
function batchesOf({ rows }: Pick<Case, 'rows'>) {
  return rows.flatMap((counts, unit) =>
    counts.flatMap((count, ordinal) => (count === 0 ? [] : [{ unit, ordinal, rows: count }])),
  );
}

describe('a batch board', () => {
  it('hands each batch with rows on once, in the order of units where it is ordered, and none while it is held', async () => {
    await fc.assert(
      fc.asyncProperty(someCase, async (given) => {
        const { result } = await exchange(given);
        const { kind, taken, changed, isHeld } = result;
        expect([kind, changed, isHeld]).toEqual(['end', 0, false]);
        if (!given.ordered)
          taken.sort((a: Batch, b: Batch) => a.unit * 100 + a.ordinal - b.unit * 100 - b.ordinal);
        expect(taken).toEqual(batchesOf(given));
      }),
      { numRuns: 150 },
    );
  });

  it('ends all waiting when a unit is refused, and hands no batch on twice before', async () => {
    const given = fc.tuple(someCase, fc.nat());
    await fc.assert(
      fc.asyncProperty(given, async ([some, unit]) => {
        fc.pre(some.rows.length > 0);
        const { board, result } = await exchange(some, { refusedUnit: unit % some.rows.length });
        expect(result.kind).toBe('refused');
        expect(board.isRefused).toBe(true);
        const places = result.taken.map((batch: Batch) => `${batch.unit} ${batch.ordinal}`);
        expect(new Set(places).size).toBe(places.length);
      }),
      { numRuns: 80 },
    );
  });

  it('ends all waiting when it is stopped', async () => {
    const given = fc.tuple(someCase, fc.nat({ max: 10 }));
    await fc.assert(
      fc.asyncProperty(given, async ([some, stopAfter]) => {
        const { board, result } = await exchange(some, { stopAfter });
        expect(result.kind).toBe(batchesOf(some).length < stopAfter ? 'end' : 'stopped');
        expect(board.isRefused).toBe(false);
      }),
      { numRuns: 80 },
    );
  });

  it('wakes threads that wait for text, or for rows, when it is stopped by another', async () => {
    const board = BatchBoard.create({ threads: 1, batchesPerThread: 2, units: 3, ordered: false });
    const work = { board: board.parts, rows: [[1], [1], [1]], held: 0, contents: new SharedArrayBuffer(8) };
    const ends = [ask(taker, 'take', work), ask(fillers[0] as Worker, 'fill', { ...work, thread: 0 })];
    board.arrive(0);
    board.stop();
    const [taken] = await Promise.all(ends);
    expect(taken.kind).toBe('stopped');
  });

  it('keeps the first of two ends', () => {
    const refused = BatchBoard.create({ threads: 1, batchesPerThread: 1, units: 1, ordered: false });
    refused.refuse();
    refused.stop();
    expect(refused.take()).toEqual({ kind: 'refused' });
    const stopped = BatchBoard.create({ threads: 1, batchesPerThread: 1, units: 1, ordered: false });
    stopped.stop();
    stopped.refuse();
    expect(stopped.take()).toEqual({ kind: 'stopped' });
    expect(stopped.isRefused).toBe(false);
    expect([stopped.takeUnit(), stopped.takeFree(0)]).toEqual([undefined, undefined]);
  });

  it('ends at once without units', () => {
    const board = BatchBoard.create({ threads: 2, batchesPerThread: 1, units: 0, ordered: true });
    expect(board.takeUnit()).toBeUndefined();
    expect(board.take()).toEqual({ kind: 'end' });
  });

  it('knows which batches are held, and gives a released one anew', () => {
    const board = BatchBoard.create({ threads: 1, batchesPerThread: 2, units: 2, ordered: false });
    const name = { thread: 0, batch: 0 };
    board.arrive(0);
    expect(board.takeUnit()).toBe(0);
    expect(board.takeFree(0)).toBe(0);
    expect(board.isHeld).toBe(false);
    board.publish(name, { rows: 5, unit: 0, ordinal: 0, isLast: false });
    expect(board.take()).toEqual({ kind: 'batch', name, rows: 5 });
    expect(board.isHeld).toBe(true);
    expect(board.takeFree(0)).toBe(1);
    board.release(name);
    expect(board.isHeld).toBe(false);
    expect(board.takeFree(0)).toBe(0);
  });
});

interface Batch {
  readonly unit: number;
  readonly ordinal: number;
}
