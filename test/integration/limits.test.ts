import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { pitwall, pitwallOk } from '../e2e/pitwall.ts';
import { unprivileged } from '../e2e/unprivileged.ts';
import { readPublished, readTree } from '../e2e/workspace.ts';
import { partsWorkspace, setRows } from './parts-job.ts';
import { leftovers, seasonsWorkspace } from './seasons-job.ts';
import { pitwallUnder } from './shell.ts';
import { smallDisk } from './small-disk.ts';

const MB = 2 ** 20;
const BEFORE = { a: 100, b: 100 };
const AFTER = { a: 200, c: 10 };
const SHAPES = { fused: [], divided: ['--fuse-below', '0', '--workers', '2'] };

describe.each(Object.entries(SHAPES))('a %s run', (_, shape) => {
  const run = ['run', 'job', '--quiet', ...shape];

  test('publishes to two file systems as to one', async (context) => {
    const cwd = await partsWorkspace(BEFORE);
    const [results, other] = [join(cwd, 'results'), join(cwd, 'other')];
    await smallDisk(other, 8 * MB, context);
    for (const rows of [BEFORE, AFTER]) {
      await setRows(cwd, rows);
      await pitwallOk([...run, '--set', 'other=other'], { cwd });
      await pitwallOk([...run, '--set', 'out=together', '--set', 'other=together'], { cwd });
      const published = { ...(await readPublished(other)), ...(await readPublished(results)) };
      expect(published).toEqual(await readPublished(join(cwd, 'together')));
    }
    expect(await leftovers(results, other)).toEqual([]);
  });

  test.skipIf(unprivileged === undefined)(
    'into a folder that is read-only says so before it does anything',
    async () => {
      const cwd = await partsWorkspace(BEFORE);
      const results = join(cwd, 'results');
      await mkdir(results);
      await Promise.all([chmod(cwd, 0o755), chmod(results, 0o555)]);
      const stderr = `pitwall: cannot write ${results}: permission is denied; give this user the right to write there, or change the output path\n`;
      expect(await pitwall(run, { cwd, ...unprivileged })).toEqual({ code: 1, stdout: '', stderr });
      expect(await readTree(results)).toEqual({});
    },
  );
});

/** With fewer Node itself does not start. */
const FEWEST = 19;

describe('few file handles', () => {
  const SEASONS = Array.from({ length: 300 }, (_, season) => 1900 + season);

  test('are enough for more files than there are handles', async () => {
    const cwd = await seasonsWorkspace(SEASONS);
    const run = ['run', 'job', '--quiet'];
    expect(await pitwallUnder('ulimit -n 160', run, cwd)).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(Object.keys(await readPublished(join(cwd, 'results')))).toHaveLength(SEASONS.length);
    const divided = [...run, '--force', '--fuse-below', '0', '--workers', '2'];
    expect(await pitwallUnder('ulimit -n 160', divided, cwd)).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  test('are too few below some number: one line says so, and nothing is published', async () => {
    const cwd = await seasonsWorkspace([2001, 2002]);
    await pitwallOk(['run', 'job', '--quiet'], { cwd });
    const before = await readPublished(join(cwd, 'results'));
    const stderr = /^pitwall: (cannot \w+ \S+: )?too many files are open; raise the limit \(ulimit -n\)\n$/;
    const tooFew = { code: 1, stdout: '', stderr: expect.stringMatching(stderr) };
    const enough = { code: 0, stdout: '', stderr: '' };
    let isEnough = false;
    for (let handles = FEWEST; !isEnough; handles++) {
      const outcome = await pitwallUnder(`ulimit -n ${handles}`, ['run', 'job', '--force', '--quiet'], cwd);
      isEnough = outcome.code === 0;
      expect(outcome, `${handles} handles`).toEqual(isEnough && handles > FEWEST ? enough : tooFew);
      expect(await readPublished(join(cwd, 'results'))).toEqual(before);
      if (!isEnough) expect(await leftovers(join(cwd, 'results'))).toEqual([]);
    }
  });
});
