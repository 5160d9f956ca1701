import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { FaultPoint } from '../../src/fault-point.ts';
import { pitwall, pitwallOk } from '../e2e/pitwall.ts';
import { readPublished, writeFiles } from '../e2e/workspace.ts';
import { partsWorkspace, setRows } from './parts-job.ts';
import { startStopped } from './processes.ts';
import { leftovers } from './seasons-job.ts';
import { fillDisk, smallDisk } from './small-disk.ts';

const MB = 2 ** 20;
const BEFORE = { a: 100, b: 100 };
const SHAPES = { fused: [], divided: ['--fuse-below', '0', '--workers', '2', '--memory', '400MB'] };

describe.each(Object.entries(SHAPES))('a %s run on a disk that gets full', (_, shape) => {
  const run = ['run', 'job', '--quiet', ...shape];

  test('while it writes its outputs fails, and leaves what was published, byte for byte', async (context) => {
    const cwd = await partsWorkspace(BEFORE);
    const results = join(cwd, 'results');
    await smallDisk(results, 8 * MB, context);
    await pitwallOk(run, { cwd });
    const before = await readPublished(results);
    await setRows(cwd, { a: 200, b: 200_000, c: 10 });
    const { code, stdout, stderr } = await pitwall(run, { cwd });
    expect({ code, stdout }, stderr).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      /^pitwall: .*cannot write \/.*\/results\/.*: the disk is full; make room, or change the output path.*\n$/,
    );
    expect(await readPublished(results)).toEqual(before);
    expect(await leftovers(results)).toEqual([]);
    await setRows(cwd, { a: 200, c: 10 });
    await pitwallOk(run, { cwd });
    expect(Object.keys(await readPublished(results))).toEqual(filesOf('a', 'c'));
  });

  test('while it spills fails, says that the disk is full and leaves what was published', async (context) => {
    const cwd = await partsWorkspace(BEFORE);
    const results = join(cwd, 'results');
    await smallDisk(results, 24 * MB, context);
    await pitwallOk(run, { cwd });
    const before = await readPublished(results);
    await writeFiles(cwd, { 'job/texts.sql': SPILLING });
    await setRows(cwd, { a: 200, b: 6_000_000 });
    const { code, stdout, stderr } = await pitwall([...run, '--memory', '160MB', '--workers', '1'], { cwd });
    expect({ code, stdout }, stderr).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^pitwall: .*(the disk has no more room to spill to|out of memory and of disk to spill to).*\n$/);
    expect(await readPublished(results)).toEqual(before);
    expect(await leftovers(results)).toEqual([]);
  });

  test('while it publishes takes back what it has written, on other disks too', async (context) => {
    const cwd = await partsWorkspace(BEFORE);
    const [results, other] = [join(cwd, 'results'), join(cwd, 'other')];
    await smallDisk(other, 4 * MB, context);
    const publish = [...run, '--set', 'other=other'];
    await pitwallOk(publish, { cwd });
    const before = [await readPublished(results), await readPublished(other)];
    await setRows(cwd, { a: 200, b: 300_000, c: 10 });
    const outcome = await pitwall(publish, { cwd });
    const stderr = `pitwall: cannot write ${other}/sums_b.json: the disk is full; make room, or change the output path\n`;
    expect(outcome).toEqual({ code: 1, stdout: '', stderr });
    expect([await readPublished(results), await readPublished(other)]).toEqual(before);
    expect(await leftovers(results, other)).toEqual([]);
    expect(await pitwallOk(['verify', 'job'], { cwd })).toMatch(/^4 files of job job as published by run /);
  });
});

/** Many groups, all of which have to be held until the last row was seen. */
const SPILLING = `
SELECT part, n, max(text) AS text
FROM (SELECT part, range AS n, md5(range::VARCHAR) AS text FROM parts, range(parts.rows))
GROUP BY part, n ORDER BY text LIMIT 3
`;

function filesOf(...parts: string[]): string[] {
  return ['sums', 'texts'].flatMap((name) => parts.map((part) => `${name}_${part}.json`));
}

/** The disk is full from the moment when the run has come to the point. */
const UNANNOUNCED: readonly FaultPoint[] = [
  'plan: lease taken',
  'task: inputs loaded',
  'commit: before record',
  'check: before',
  'publish: before announcement',
];
const ANNOUNCED: readonly FaultPoint[] = ['publish: after announcement', 'publish: before manifest'];

describe('a disk without a byte left', () => {
  test.each(UNANNOUNCED)('at "%s" fails the run, and leaves what was published, byte for byte', async (at) => {
    await withFullDisk(at, async ({ cwd, results, before }) => {
      expect(await readPublished(results)).toEqual(before);
      expect(await leftovers(results)).toEqual([]);
      expect(await pitwall(['verify', 'job'], { cwd })).toMatchObject({ code: 0 });
    });
  });
});
