import { expect, test } from 'vitest';
import { runFolder } from '../../src/plan/run-folder.ts';
import { tidyFailed, tidyPublished } from '../../src/publish/end-run.ts';
import { localStorage } from '../../src/storage/local.ts';
import { emptyFolder, readTree, writeFiles } from '../e2e/workspace.ts';

const storage = localStorage();
const ATTEMPT = { 'attempts/stats-0/a/0': 'rows' };
const TOLD = { 'failures/stats/0.s.json': '{}', 'logs/1-0.log': '' };

async function folderWith(files: Readonly<Record<string, string>>) {
  const store = await emptyFolder();
  const folder = runFolder(store, 'run');
  await writeFiles(folder.url, { 'plan.json': '{}', ...files });
  const left = async () => Object.keys(await readTree(store)).filter((path) => !path.endsWith('/'));
  return { folder, left };
}

test('a run that failed and committed nothing leaves nothing, whatever was told of its tasks', async () => {
  const { folder, left } = await folderWith({ ...ATTEMPT, ...TOLD });
  await tidyFailed(storage, folder);
  expect(await left()).toEqual([]);
});

test('a run whose tasks may still be at work leaves all that they could commit', async () => {
  const { folder, left } = await folderWith({ ...ATTEMPT, 'submissions/s.json': '{}' });
  await tidyFailed(storage, folder);
  expect(await left()).toEqual([
    'runs/run/attempts/stats-0/a/0',
    'runs/run/plan.json',
    'runs/run/submissions/s.json',
  ]);
});

test('a run that published leaves nothing of what clusters need', async () => {
  const { folder, left } = await folderWith({ ...TOLD, 'submissions/s.json': '{}' });
  await tidyPublished(storage, folder);
  expect(await left()).toEqual(['runs/run/plan.json']);
});

test('a record that a killed task did not end is no record', async () => {
  const { folder, left } = await folderWith({ ...ATTEMPT, 'records/stats/.pitwall-00ff.tmp': '{' });
  await tidyFailed(storage, folder);
  expect(await left()).toEqual([]);
});
