import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openSession } from '../../src/duckdb/session.ts';
import { PipedParts } from '../../src/execute/piped-parts.ts';
import { someFolder } from './some-step.ts';

const LINES = 40_000;

async function someParts(count: number) {
  const folder = await someFolder();
  const paths = Array.from({ length: count }, (_, index) => join(folder, `part-${index}.csv`));
  const pipes = await PipedParts.make(paths);
  if (pipes === undefined) throw new Error('this system has no named pipes');
  onTestFinished(() => pipes.close());
  const session = await openSession({ settings: { threads: 2 } });
  onTestFinished(() => session.close());
  const list = paths.map((path) => `'${path}'`).join(', ');
  const from = `read_csv([${list}], columns = {'a': 'BIGINT'}, auto_detect = false, header = false)`;
  const deliver = async (index: number) => {
    const file = join(folder, `bytes-${index}`);
    const first = index * LINES;
    await writeFile(file, Array.from({ length: LINES }, (_, line) => `${first + line}\n`).join(''));
    await pipes.deliver(index, file);
  };
  const sum = async () => (await session.rows(`SELECT count(*) AS n, sum(a)::BIGINT AS s FROM ${from}`))[0];
  return { paths, pipes, deliver, sum };
}

const total = (rows: number) => ({ n: BigInt(rows), s: BigInt((rows * (rows - 1)) / 2) });

describe('parts that are read while they come', () => {
  it('give a reader who waits every byte once, in whatever order they come', async () => {
    const { deliver, sum } = await someParts(5);
    const reading = sum();
    for (const index of [3, 0, 4, 1, 2]) await deliver(index);
    expect(await reading).toEqual(total(5 * LINES));
  });

  it('are files afterwards, for any number of readers', async () => {
    const { paths, deliver, sum } = await someParts(2);
    for (const index of [0, 1]) await deliver(index);
    expect(await Promise.all([sum(), sum()])).toEqual([total(2 * LINES), total(2 * LINES)]);
    expect((await readFile(paths[1] ?? '', 'utf8')).startsWith(`${LINES}\n`)).toBe(true);
  });

  it('let nobody wait for what does not come', async () => {
    const { pipes, deliver, sum } = await someParts(3);
    await deliver(0);
    const reading = sum();
    pipes.giveUp();
    expect(await reading).toEqual(total(LINES));
  });

  it('tell that a file broke off, which its reader takes for its end', async () => {
    const { paths, pipes } = await someParts(1);
    const [path = ''] = paths;
    const reading = readFile(`${path}.pipe`, 'utf8');
    await mkdir(`${path}-folder`);
    await symlink(`${path}-folder`, `${path}-link`);
    await pipes.deliver(0, `${path}-link`);
    expect(await reading).toBe('');
    expect(() => pipes.throwIfBroken()).toThrow(`cannot read ${path}`);
  });

  it('end with a reader who has seen enough', async () => {
    const { pipes, deliver, sum } = await someParts(1);
    await deliver(0);
    await sum();
    await pipes.close();
  });
});
