import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { OutputContext } from '../../src/execute/output-context.ts';
import { sealFile, stageFile } from '../../src/execute/stage-file.ts';
import { StagedOutputs } from '../../src/execute/staged-outputs.ts';
import { ONE_UNIT, RUN_ID, someFolder, someOutput, someStep } from './some-step.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

describe('a staged file', () => {
  it('has the bytes of the chunks and their SHA-256', async () => {
    const path = join(await someFolder(), 'a');
    const chunks = ['one ', '', 'two'].map((text) => new TextEncoder().encode(text));
    expect(await stageFile(path, chunks)).toEqual({ bytes: 7, sha256: sha256('one two') });
    expect(await readFile(path, 'utf8')).toBe('one two');
    expect(await sealFile(path)).toEqual({ bytes: 7, sha256: sha256('one two') });
  });

  it('is never written over another', async () => {
    const path = join(await someFolder(), 'a');
    await writeFile(path, 'there');
    await expect(stageFile(path, [])).rejects.toMatchObject({ code: 'EEXIST' });
    expect(await readFile(path, 'utf8')).toBe('there');
  });

  it('is hashed whole when it is large', async () => {
    const path = join(await someFolder(), 'a');
    const text = 'abc'.repeat(1_000_000);
    await writeFile(path, text);
    expect(await sealFile(path)).toEqual({ bytes: 3_000_000, sha256: sha256(text) });
  });
});

async function outputs(changes: Partial<OutputContext> = {}): Promise<StagedOutputs> {
  const step = someStep('SELECT 1', { partitionBy: ['k'], output: someOutput() });
  const rows = { sql: '', before: 0 };
  const stagingFolder = await someFolder();
  return new StagedOutputs({
    step,
    columns: [],
    rows,
    parameters: {},
    partitions: undefined,
    units: ONE_UNIT,
    runId: RUN_ID,
    stagingFolder,
    ...changes,
  });
}

const texts = (k: string | null) => new Map([['k', k]]);
const bytes = { bytes: 1, sha256: 'x' };
const never = () => Promise.reject(new Error('nothing is empty'));

/** A write that ends when it is told to. */
function gate() {
  let open: (bytes: { bytes: number; sha256: string }) => void = () => undefined;
  let fail: (error: Error) => void = () => undefined;
  const written = new Promise<typeof bytes>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  return { write: () => written, open: () => open(bytes), fail: () => fail(new Error('disk')) };
}

const turns = () => new Promise((resolve) => setImmediate(resolve));

describe('the outputs of a step', () => {
  it('are written four at a time', async () => {
    const staged = await outputs();
    const gates = Array.from({ length: 5 }, gate);
    const begun: number[] = [];
    const adding = (async () => {
      for (const [index, { write }] of gates.entries()) {
        await staged.add(texts(`${index}`), 1, () => {
          begun.push(index);
          return write();
        });
      }
    })();
    await turns();
    expect(begun).toEqual([0, 1, 2, 3]);
    gates[2]?.open();
    await turns();
    expect(begun).toEqual([0, 1, 2, 3, 4]);
    for (const { open } of gates) open();
    await adding;
    expect((await staged.finish(never)).map(({ path, bytes }) => [path, bytes])).toEqual(
      gates.map((_, index) => [`${index}.json`, 1]),
    );
  });

  it('settle before the first failure is thrown', async () => {
    const staged = await outputs();
    const [slow, failing] = [gate(), gate()];
    await staged.add(texts('slow'), 1, slow.write);
    await staged.add(texts('failing'), 1, failing.write);
    let settled = false;
    const finishing = staged.finish(never).catch((error: unknown) => {
      settled = true;
      return error;
    });
    failing.fail();
    await turns();
    expect(settled).toBe(false);
    slow.open();
    expect(await finishing).toEqual(new Error('disk'));
  });

  it('tell of a failure with the next that is added', async () => {
    const staged = await outputs();
    await staged.add(texts('a'), 1, () => Promise.reject(new Error('disk')));
    await turns();
    await expect(staged.add(texts('b'), 1, async () => bytes)).rejects.toThrow('disk');
    await expect(staged.settle()).rejects.toThrow('disk');
    await staged.idle();
  });

  it('come once each', async () => {
    const staged = await outputs();
    await staged.add(texts('a'), 1, async () => bytes);
    await staged.add(texts('a'), 1, async () => bytes);
    await expect(staged.settle()).rejects.toThrow('partition ["a"] of step things came twice');
  });

  it('know NULL from the text', async () => {
    const staged = await outputs({
      step: someStep('', { partitionBy: ['k'], output: someOutput('{k}.json', { nullAs: 'none' }) }),
    });
    await staged.add(texts(null), 1, async () => bytes);
    await staged.add(texts('null'), 1, async () => bytes);
    expect((await staged.settle()).map(({ path, partition }) => [path, partition])).toEqual([
      ['none.json', { k: null }],
      ['null.json', { k: 'null' }],
    ]);
  });

  it('of another thread are taken over, and are not empty', async () => {
    const step = someStep('', {
      partitionBy: ['b', '1'],
      partition: ['b', '1'].map((column) => ({ column, sql: undefined, parameters: [] })),
      output: someOutput('{b}.json'),
    });
    const partition = new Map([
      ['b', 'x'],
      ['1', 'y'],
    ]);
    const [other, staged] = [await outputs({ step }), await outputs({ step, partitions: [partition] })];
    await other.add(partition, 3, async () => bytes);
    staged.adopt(await other.settle());
    expect((await staged.finish(never)).map(({ path, rows }) => [path, rows])).toEqual([['x.json', 3]]);
  });

  it('cannot be staged where there is no folder', async () => {
    const folder = join(await someFolder(), 'gone');
    const staged = await outputs({ stagingFolder: folder });
    await staged.add(texts('a'), 1, (path) => stageFile(path, []));
    await expect(staged.settle()).rejects.toMatchObject({ code: 'ENOENT' });
    await mkdir(folder);
  });
});
