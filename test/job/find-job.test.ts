import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findJob, listJobs } from '../../src/job/find-job.ts';
import { writeFolder } from './job-folder.ts';

const JOBS = {
  'sql/sales/job.yaml': '',
  'sql/stock/job.yaml': '',
  'sql/notes/README.md': '',
  'other/job.yaml': '',
};

test('a name is a folder under sql, a path is any folder with a job.yaml', async () => {
  const cwd = writeFolder(JOBS);
  expect(await findJob('sales', { cwd })).toBe(join(cwd, 'sql/sales'));
  expect(await findJob('other', { cwd })).toBe(join(cwd, 'other'));
  expect(await findJob('./sql/stock/', { cwd })).toBe(join(cwd, 'sql/stock'));
  expect(await findJob('stock', { cwd: '/', jobsDir: join(cwd, 'sql') })).toBe(join(cwd, 'sql/stock'));
});

test('the jobs that come with Pitwall are found from everywhere', async () => {
  expect(await findJob('race_stats', { cwd: writeFolder({}) })).toMatch(/sql\/race_stats$/);
});

test('a folder lists its jobs in order', async () => {
  expect(await listJobs(join(writeFolder(JOBS), 'sql'))).toEqual(['sales', 'stock']);
  expect(await listJobs(join(writeFolder({}), 'sql'))).toEqual([]);
});

test.each([
  ['saels', 'there is no job "saels"; did you mean "sales"? jobs: sales, stock'],
  ['unrelated', 'there is no job "unrelated"; jobs: sales, stock'],
  ['./nowhere', 'there is no job in "./nowhere": expected a folder with a job.yaml'],
  ['other/job.yaml', 'the job "other/job.yaml" is a file; give the folder that holds its job.yaml'],
])('an unknown job %s names what exists', async (ref, message) => {
  const cwd = writeFolder(JOBS);
  await expect(findJob(ref, { cwd, jobsDir: 'sql' })).rejects.toMatchObject({
    kind: 'usage',
    exitCode: 2,
    message,
  });
});

test('an unknown job in an empty folder says so', async () => {
  const message = 'there is no job "sales"; there are none in sql';
  await expect(findJob('sales', { cwd: writeFolder({}), jobsDir: 'sql' })).rejects.toMatchObject({ message });
});
