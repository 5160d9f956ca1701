import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { unchangedOutputs } from '../../src/publish/in-place.ts';
import { publishRun } from '../../src/publish/publish-run.ts';
import { rollback } from '../../src/publish/rollback.ts';
import { verifyPublished } from '../../src/publish/verify.ts';
import { someCheck, somePublication, someStore, treeOf } from './some-store.ts';

async function twoRuns() {
  const some = await someStore();
  const checks = [someCheck('only a warning', 1, 'warn')];
  const one = await somePublication(some, 'r1', { 'a.json': 'a of r1', 'b.json': 'b of r1' }, checks);
  const two = await somePublication(some, 'r2', { 'a.json': 'a of r2', 'c.json': 'c of r2' });
  const first = await publishRun({ ...some, publication: one });
  const second = await publishRun({ ...some, publication: two });
  return { some, first, second };
}

/** As a person's editor does it: a new file under the old name. */
async function replaceFile(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}

describe('rolling back', () => {
  it('publishes again what a run had published', async () => {
    const { some, first } = await twoRuns();
    const manifest = await rollback({ ...some, runId: 'r1' });
    expect(manifest).toMatchObject({ runId: 'r1', fingerprint: first.fingerprint, checks: first.checks });
    expect(await treeOf(some.root)).toEqual({ 'a.json': 'a of r1', 'b.json': 'b of r1' });
    expect(await verifyPublished(some.storage, manifest)).toEqual([]);
  });

  it('goes forward again as well, and over files that were changed', async () => {
    const { some } = await twoRuns();
    await rollback({ ...some, runId: 'r1' });
    await replaceFile(join(some.root, 'a.json'), 'mine');
    await rollback({ ...some, runId: 'r2' });
    expect(await treeOf(some.root)).toEqual({ 'a.json': 'a of r2', 'c.json': 'c of r2' });
  });

  it('names the runs that it can go back to', async () => {
    const { some } = await twoRuns();
    await expect(rollback({ ...some, runId: 'r0' })).rejects.toMatchObject({
      kind: 'usage',
      message: `${some.store}: no manifest of run r0 is left to roll back to; these are left: r2, r1`,
    });
  });

  it('is refused when a file of the run is gone or changed, and leaves what is published', async () => {
    const { some, first } = await twoRuns();
    const [a, b] = first.outputs;
    await replaceFile(a?.from ?? '', 'A of r1');
    await expect(rollback({ ...some, runId: 'r1' })).rejects.toMatchObject({
      kind: 'data',
      message: `cannot roll back: ${a?.from}, which has the bytes of ${a?.url}, has changed; nothing was published; choose another run`,
    });
    await replaceFile(a?.from ?? '', 'a of r1');
    await rm(b?.from ?? '');
    await expect(rollback({ ...some, runId: 'r1' })).rejects.toThrow(
      `${b?.url}, is gone; nothing was published`,
    );
    expect(await treeOf(some.root)).toEqual({ 'a.json': 'a of r2', 'c.json': 'c of r2' });
  });
});

describe('verifying what is published', () => {
  it('finds nothing where all lies as it was published', async () => {
    const { some, second } = await twoRuns();
    expect(await verifyPublished(some.storage, second)).toEqual([]);
    expect(await unchangedOutputs(some.storage, second)).toEqual(
      new Set(second.outputs.map(({ url }) => url)),
    );
  });

  it('finds what is missing and what was changed, also to a file of the same size', async () => {
    const { some, second } = await twoRuns();
    const [a, c] = second.outputs;
    await replaceFile(join(some.root, 'a.json'), 'A of r2');
    await rm(join(some.root, 'c.json'));
    expect(await verifyPublished(some.storage, second)).toEqual([
      {
        kind: 'changed',
        url: a?.url,
        runId: 'r2',
        expected: { bytes: 7, sha256: a?.sha256 },
        found: { bytes: 7, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      },
      {
        kind: 'missing',
        url: c?.url,
        runId: 'r2',
        expected: { bytes: 7, sha256: c?.sha256 },
        found: undefined,
      },
    ]);
    expect(await unchangedOutputs(some.storage, second)).toEqual(new Set());
  });

  it('tells another size without reading the file', async () => {
    const { some, second } = await twoRuns();
    await replaceFile(join(some.root, 'a.json'), 'longer than before');
    const [problem] = await verifyPublished(some.storage, second);
    expect(problem?.found).toEqual({ bytes: 18, sha256: undefined });
  });
});
