import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { pitwall, pitwallOk } from '../e2e/pitwall.ts';
import { emptyFolder, readPublished, writeFiles } from '../e2e/workspace.ts';
import { A_TASK_EACH, eventsOf, leftovers, runIds, smallTasks } from './seasons-job.ts';

const JOB = `
inputs:
  work: { path: work.csv, columns: { part: VARCHAR, rows: BIGINT } }
partition: { part: SELECT part FROM work }
sql: work.sql
partition_by: [part]
output: { path: "results/{part}.json" }
`;

async function workspace(sql: string, rows: Readonly<Record<string, number>>): Promise<string> {
  const cwd = await emptyFolder();
  const lines = Object.entries(rows).map(([part, count]) => `${part},${count}`);
  const csv = ['part,rows', ...lines, ''].join('\n');
  await writeFiles(cwd, { 'job/job.yaml': JOB, 'job/work.csv': csv, 'job/work.sql': sql });
  return cwd;
}

/** A list is one value: it cannot be spilled. */
const LISTED = `
SELECT part, length(list(md5(range::VARCHAR))) AS listed FROM work, range(work.rows) GROUP BY part
`;
const GROUPS = 8_000_000;
/** Groups can. */
const GROUPED = `
SELECT part, count(*) AS groups, sum(n)::BIGINT AS total
FROM (SELECT 'huge' AS part, md5(range::VARCHAR) AS text, max(range) AS n FROM range(${GROUPS}) GROUP BY text)
GROUP BY part
`;

describe('a task that does not fit into memory', () => {
  test('is run again with double the memory, then fails with advice, and the others go on', async () => {
    const cwd = await workspace(LISTED, { huge: 6_000_000, large: 1000, small: 10 });
    const limits = ['--workers', '2', '--threads', '2', '--memory', '320MB', '--quiet'];
    const { code, stdout, stderr } = await pitwall([...(await smallTasks(cwd, A_TASK_EACH)), ...limits], {
      cwd,
    });
    expect({ code, stdout, stderr }).toEqual({
      code: 1,
      stdout: '',
      stderr: `pitwall: ${cwd}/job/work.sql: task 0 of step job (part=huge): out of memory in 2 attempts, the last with 320.0 MB and 1 thread; give it more by --memory, run fewer --workers, or divide the work into smaller slices or partitions\n`,
    });
    const [runId = ''] = await runIds(cwd);
    const events = await eventsOf(cwd, runId);
    const committed = events.filter(({ kind }) => kind === 'task committed').map(({ index }) => index);
    expect(committed.sort()).toEqual([1, 2]);
    expect(events.filter(({ kind }) => kind === 'task retried').map(({ index }) => index)).toEqual([0]);
    expect(await readPublished(join(cwd, 'results'))).toEqual({});
    expect(await leftovers(join(cwd, 'results'))).toEqual([]);
  });

  test('leaves the outputs that were made to --allow-partial', async () => {
    const cwd = await workspace(LISTED, { huge: 6_000_000, large: 1000, small: 10 });
    const limits = ['--workers', '1', '--threads', '2', '--memory', '160MB', '--allow-partial', '--json'];
    const stdout = await pitwallOk([...(await smallTasks(cwd, A_TASK_EACH)), ...limits], { cwd });
    const { status, missing } = JSON.parse(stdout);
    expect(status).toBe('partial');
    expect(missing).toMatchObject([{ step: 'job', index: 0, partitions: [{ part: 'huge' }] }]);
    expect(await readPublished(join(cwd, 'results'))).toEqual({
      'large.json': '[\n{"listed":1000}\n]\n',
      'small.json': '[\n{"listed":10}\n]\n',
    });
  });
});

test('work several times as large as memory is spilled to the disk and finishes', async () => {
  const cwd = await workspace(GROUPED, { huge: 1 });
  await pitwallOk(['run', 'job', '--threads', '2', '--memory', '200MB', '--quiet'], { cwd });
  const total = (GROUPS * (GROUPS - 1)) / 2;
  expect(await readPublished(join(cwd, 'results'))).toEqual({
    'huge.json': `[\n{"groups":${GROUPS},"total":${total}}\n]\n`,
  });
  expect(await leftovers(join(cwd, 'results'))).toEqual([]);
});
