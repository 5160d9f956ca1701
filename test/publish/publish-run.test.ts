import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CheckResult, StagedOutput } from '../../src/execute/record.ts';
import { describeViolations, publishedPath, publishRun } from '../../src/publish/publish-run.ts';
import { makeRunFolders, type RunFolders } from '../../src/publish/run-folders.ts';
import { RUN_ID, someFolder, someJob, someOutput, someStep } from '../execute/some-step.ts';

const jobOf = (...roots: string[]) =>
  someJob({
    name: 'my_job',
    steps: roots.map((root, index) =>
      someStep('', { name: `s${index}`, output: someOutput('a.json', { root }) }),
    ),
  });

async function stage(folders: RunFolders, root: string, path: string, text: string): Promise<StagedOutput> {
  const stagedPath = join(folders.stagingFolder(root), path.replaceAll('/', '_'));
  await writeFile(stagedPath, text);
  return { step: 's0', partition: {}, root, path, stagedPath, rows: 1, bytes: text.length, sha256: '' };
}

const check = (
  name: string,
  violations: number,
  severity: CheckResult['severity'] = 'error',
): CheckResult => ({
  name,
  severity,
  violations,
  examples: Array.from({ length: Math.min(violations, 10) }, (_, index) => `{"id":${index}}`),
});

describe('the folders of a run', () => {
  it('lie beside the outputs of each root and go without a trace, also twice', async () => {
    const folder = await someFolder();
    const roots = ['one/deep', 'two'].map((name) => join(folder, name));
    const folders = await makeRunFolders(jobOf(...roots, roots[0] ?? ''), RUN_ID);
    for (const root of roots) {
      expect(folders.stagingFolder(root)).toBe(join(root, '_pitwall/my_job/runs', RUN_ID, 'staged'));
      await writeFile(join(folders.stagingFolder(root), 'a'), '');
      await writeFile(join(folders.backupFolder(root), 'b'), '');
    }
    await writeFile(join(folders.scratch, 'c'), '');
    await folders.remove();
    await folders.remove();
    expect(await readdir(folder)).toEqual([]);
  });

  it('leave what was there before, and other runs', async () => {
    const root = await someFolder();
    await writeFile(join(root, 'published.json'), 'x');
    const first = await makeRunFolders(jobOf(root), RUN_ID);
    const second = await makeRunFolders(jobOf(root), RUN_ID.replace('1', '2'));
    await first.remove();
    expect(await readdir(second.stagingFolder(root))).toEqual([]);
    await second.remove();
    expect(await readdir(root)).toEqual(['published.json']);
  });

  it('cannot be made twice for one run', async () => {
    const root = await someFolder();
    const first = await makeRunFolders(jobOf(root), RUN_ID);
    await expect(makeRunFolders(jobOf(root), RUN_ID)).rejects.toMatchObject({ kind: 'output' });
    await first.remove();
  });

  it('are not made where the root is a file, and those of other roots go again', async () => {
    const folder = await someFolder();
    const [good, bad] = [join(folder, 'good'), join(folder, 'file')];
    await writeFile(bad, 'a file');
    await expect(makeRunFolders(jobOf(good, bad), RUN_ID)).rejects.toMatchObject({
      kind: 'output',
      message: `cannot write ${bad}: a part of the path is a file, not a folder; change the output path`,
    });
    expect(await readdir(folder)).toEqual(['file']);
  });

  it.runIf(process.platform === 'linux')('are not made where nothing can be made', async () => {
    await expect(makeRunFolders(jobOf('/proc/nope'), RUN_ID)).rejects.toMatchObject({
      kind: 'output',
      message: 'cannot write /proc/nope: nothing can be made there; change the output path',
    });
  });
});

describe('a run', () => {
  async function someRun() {
    const root = await someFolder();
    await mkdir(join(root, 'by'));
    await writeFile(join(root, 'by/old.json'), 'old');
    const folders = await makeRunFolders(jobOf(root), RUN_ID);
    const outputs = [
      await stage(folders, root, 'by/old.json', 'new'),
      await stage(folders, root, 'more.json', 'more'),
    ];
    const publish = async (checks: CheckResult[], published: readonly StagedOutput[] = outputs) => {
      try {
        await publishRun({ outputs: published, checks }, folders);
      } finally {
        await folders.remove();
      }
    };
    const files = async () => ({
      names: (await readdir(root, { recursive: true })).sort(),
      old: await readFile(join(root, 'by/old.json'), 'utf8'),
    });
    return { root, outputs, publish, files };
  }

  it('whose checks hold is published, and nothing else is left', async () => {
    const { root, outputs, publish, files } = await someRun();
    await publish([check('good', 0), check('only a warning', 2, 'warn')]);
    expect(await files()).toEqual({ names: ['by', 'by/old.json', 'more.json'], old: 'new' });
    expect(outputs.map(publishedPath)).toEqual([join(root, 'by/old.json'), join(root, 'more.json')]);
  });

  it.each<[CheckResult[], string]>([
    [[check('bad', 1)], 'check failed: bad: 1 row breaks it, such as {"id":0}; nothing was published'],
    [
      [check('good', 0), check('bad', 12), check('worse', 3)],
      'check failed: bad: 12 rows break it, such as {"id":0} {"id":1} {"id":2} (and 1 more check failed); nothing was published',
    ],
    [
      [check('bad', 2), check('b', 1), check('c', 1), check('d', 1, 'warn')],
      'check failed: bad: 2 rows break it, such as {"id":0} {"id":1} (and 2 more checks failed); nothing was published',
    ],
  ])('whose checks fail leaves what was published (%#)', async (checks, message) => {
    const { publish, files } = await someRun();
    await expect(publish(checks)).rejects.toMatchObject({ kind: 'data', message });
    expect(await files()).toEqual({ names: ['by', 'by/old.json'], old: 'old' });
  });

  it('with two outputs of one path leaves what was published', async () => {
    const { root, outputs, publish, files } = await someRun();
    await expect(publish([], [...outputs, ...outputs.slice(0, 1)])).rejects.toMatchObject({
      kind: 'data',
      message: `two outputs of the job have the same path: ${join(root, 'by/old.json')}; give them different templates`,
    });
    expect(await files()).toEqual({ names: ['by', 'by/old.json'], old: 'old' });
  });

  it('describes what breaks a check', () => {
    expect(describeViolations(check('my check', 2))).toBe(
      'my check: 2 rows break it, such as {"id":0} {"id":1}',
    );
  });
});
