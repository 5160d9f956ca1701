import { existsSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PartitionRows } from '../../src/execute/partition-rows.ts';
import { SegmentPool } from '../../src/execute/segment-pool.ts';
import { someFolder } from './some-step.ts';

const TEXT = new TextEncoder();

function add(rows: PartitionRows, text: string, tied?: boolean): void {
  if (tied === undefined) rows.beginUnorderedRow();
  else rows.beginRow(tied);
  const begin = rows.out.length;
  rows.out.append(TEXT.encode(`${text}\n`));
  rows.endRows(1, begin);
}

const bytesOf = (rows: PartitionRows) => Buffer.concat([...rows.chunks()]).toString();

describe('the rows of a partition', () => {
  it('keep the order in which they came, when it does not matter', async () => {
    const rows = new PartitionRows(join(await someFolder(), 'rows'));
    for (const text of ['b', 'a', 'c']) add(rows, text);
    expect([bytesOf(rows), rows.count]).toEqual(['b\na\nc\n', 3]);
  });

  it('are sorted by their bytes where they tie, and nowhere else', async () => {
    const rows = new PartitionRows(join(await someFolder(), 'rows'));
    add(rows, 'z', true);
    add(rows, 'y', false);
    for (const text of ['b', 'x', 'a']) add(rows, text, true);
    add(rows, 'a', false);
    expect(bytesOf(rows)).toBe('z\na\nb\nx\ny\na\n');
  });

  it('are the same with and without spilling, whenever it happens, ordered or not', async () => {
    const path = join(await someFolder(), 'rows');
    const row = fc.record({ text: fc.string({ maxLength: 6 }), tied: fc.boolean(), spill: fc.boolean() });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 40 }), fc.boolean(), async (given, ordered) => {
        const [kept, spilled] = [new PartitionRows('/nowhere'), new PartitionRows(`${path}${run++}`)];
        for (const { text, tied, spill } of given) {
          for (const rows of [kept, spilled]) add(rows, text, ordered ? tied : undefined);
          if (spill) {
            const before = spilled.memoryBytes;
            const freed = spilled.spill();
            expect(spilled.memoryBytes).toBe(before - freed);
          }
        }
        expect(bytesOf(spilled)).toBe(bytesOf(kept));
        expect([kept.count, spilled.count]).toEqual([given.length, given.length]);
      }),
      { numRuns: 300 },
    );
  });

  it('give their memory to the rows of another partition once they are written', async () => {
    const folder = await someFolder();
    const pool = new SegmentPool();
    const fill = (name: string) => {
      const rows = new PartitionRows(join(folder, name), pool);
      for (let index = 0; index < 10_000; index++) add(rows, `${name} ${index}`.padEnd(99, 'x'));
      return rows;
    };
    const first = fill('a');
    const written = new Set([...first.chunks()].map(({ buffer }) => buffer));
    first.free();
    expect([...first.chunks()].every(({ length }) => length === 0)).toBe(true);
    const second = fill('b');
    expect([...second.chunks()].filter(({ buffer }) => written.has(buffer)).length).toBeGreaterThan(2);
    const lines = bytesOf(second).split('\n').slice(0, -1);
    expect(lines).toEqual(lines.map((_, index) => `b ${index}`.padEnd(99, 'x')));
    expect(lines).toHaveLength(10_000);
  });

  it('are counted as memory until they are spilled', async () => {
    const path = join(await someFolder(), 'rows');
    const rows = new PartitionRows(path);
    for (let index = 0; index < 10_000; index++) add(rows, 'x'.repeat(99));
    expect(rows.memoryBytes).toBe(1_000_000);
    expect(rows.spill()).toBe(1_000_000);
    expect([rows.memoryBytes, rows.out.bytes.length]).toEqual([0, 512]);
    expect(readFileSync(path, 'utf8')).toBe(`${'x'.repeat(99)}\n`.repeat(10_000));
    add(rows, 'end');
    expect(bytesOf(rows).endsWith('x\nend\n')).toBe(true);
  });

  it('stay in memory while their ties are open', async () => {
    const path = join(await someFolder(), 'rows');
    const rows = new PartitionRows(path);
    add(rows, 'b', false);
    add(rows, 'a', true);
    expect(rows.spill()).toBe(0);
    expect(existsSync(path)).toBe(false);
    add(rows, 'c', false);
    expect(rows.spill()).toBe(4);
    expect(bytesOf(rows)).toBe('a\nb\nc\n');
  });

  it('that were cut on the disk are an error', async () => {
    const path = join(await someFolder(), 'rows');
    const rows = new PartitionRows(path);
    add(rows, 'abc');
    rows.spill();
    truncateSync(path, 2);
    expect(() => bytesOf(rows)).toThrow(`spill file ${path} is shorter than what was written to it`);
  });
});
