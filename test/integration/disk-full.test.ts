import { join } from 'node:path';
import { describe, expect, type TestContext, test } from 'vitest';
import type { FaultPoint } from '../../src/fault-point.ts';
import { pitwall, pitwallOk } from '../e2e/pitwall.ts';
import { readPublished, writeFiles } from '../e2e/workspace.ts';
import { memo } from './memo.ts';
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
    await writeFiles(cwd, { 'job/texts.sql': SPILLING, 'job/sums.sql': FEW });
    await setRows(cwd, { a: 200, b: 6_000_000 });
    const { code, stdout, stderr } = await pitwall([...run, '--memory', '160MB', '--workers', '1'], { cwd });
    expect({ code, stdout }, stderr).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      /^pitwall: .*(the disk has no more room to spill to|out of memory and of disk to spill to).*\n$/,
    );
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

const FEW = 'SELECT part, rows AS n, 1 AS rest FROM parts';

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

interface Failed {
  readonly cwd: string;
  readonly results: string;
  readonly code: number | string;
  readonly before: Readonly<Record<string, string>>;
  /** What the run would have published. */
  readonly after: Readonly<Record<string, string>>;
}

const CHANGED = { a: 200, b: 300, c: 10 };

const publishedFrom = memo(async (rows: Readonly<Record<string, number>>) => {
  const cwd = await partsWorkspace(rows);
  await pitwallOk(['run', 'job', '--quiet'], { cwd });
  return readPublished(join(cwd, 'results'));
});

/** Runs a job whose disk is full from a point on, looks, frees the disk, and runs it again. */
async function withFullDisk(
  at: FaultPoint,
  context: TestContext,
  look: (failed: Failed) => Promise<void>,
): Promise<void> {
  const [before, after] = [await publishedFrom(BEFORE), await publishedFrom(CHANGED)];
  const cwd = await partsWorkspace(BEFORE);
  const results = join(cwd, 'results');
  await smallDisk(results, 4 * MB, context);
  await pitwallOk(['run', 'job', '--quiet'], { cwd });
  await setRows(cwd, CHANGED);
  const running = await startStopped(at, ['run', 'job', '--quiet'], { cwd });
  const free = await fillDisk(results);
  process.kill(running.pid, 'SIGCONT');
  const { code, stdout, stderr } = await running.outcome;
  expect(stdout).toBe('');
  expect(stderr).toMatch(
    /^pitwall: cannot write .*: the disk is full; make room, or change the output path\n$/,
  );
  await free();
  await look({ cwd, results, code, before, after });
  await pitwallOk(['run', 'job', '--quiet'], { cwd });
  expect(await readPublished(results)).toEqual(after);
  expect(await leftovers(results)).toEqual([]);
}

describe('a disk without a byte left', () => {
  for (const at of UNANNOUNCED)
    test(`at "${at}" fails the run, and leaves what was published, byte for byte`, async (context) => {
      await withFullDisk(at, context, async ({ cwd, results, code, before }) => {
        expect(code).toBe(1);
        expect(await readPublished(results)).toEqual(before);
        expect(await leftovers(results)).toEqual([]);
        await pitwallOk(['verify', 'job'], { cwd });
      });
    });

  // Neither going on nor taking it back can be written down: the outputs are left as far as they are, each of them whole.
  for (const at of ANNOUNCED)
    test(`at "${at}" fails the run, with every output as it was before or as it will be`, async (context) => {
      await withFullDisk(at, context, async ({ results, code, before, after }) => {
        expect(code).not.toBe(0);
        for (const [path, bytes] of Object.entries(await readPublished(results)))
          expect([before[path], after[path]], path).toContain(bytes);
      });
    });
});
