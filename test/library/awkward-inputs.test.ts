import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runJob } from 'pitwall';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pitwall-awkward-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

async function makeJob(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
}

async function run(threads = 2): Promise<string> {
  const { outputs } = await runJob(folder, { cwd: folder, threads });
  return Promise.all(outputs.map(({ path }) => readFile(path, 'utf8'))).then((texts) => texts.join(''));
}

function sumJob(input: string): Record<string, string> {
  return {
    'job.yaml': `inputs:\n  a: ${input}\nsql: a.sql\noutput: { path: out/o.json }\n`,
    'a.sql': 'SELECT count(*) AS n, sum(x) AS s FROM a',
  };
}

describe('glob characters in the names of files that exist stand for themselves', () => {
  test.each([
    ['*.csv', '{"n":7,"s":46}'],
    ['a[[]b].csv', '{"n":1,"s":5}'],
  ])('in what %s finds', async (pattern, row) => {
    await makeJob({
      ...sumJob(`{ path: ${JSON.stringify(pattern)}, columns: { x: BIGINT } }`),
      'a*.csv': 'x\n1\n2\n',
      'a[b].csv': 'x\n5\n',
      'a?.csv': 'x\n7\n',
      'ab.csv': 'x\n10\n',
      'a{1,2}.csv': 'x\n20\n1\n',
    });
    expect(await run()).toBe(`[\n${row}\n]\n`);
  });
});

describe('thousands have to stand where thousands stand', () => {
  const job = sumJob(
    '{ path: a.csv, columns: { x: "DECIMAL(12,2)" }, delimiter: ";", decimal: ",", thousands: "." }',
  );

  test('as they do in the country whose point is a comma', async () => {
    await makeJob({ ...job, 'a.csv': 'x\n1.234,56\n1.234.567\n-12,5\n7\n\n' });
    expect(await run()).toContain('"s":1235796.06');
  });

  test.each(['1234.56', '1.2.3,4', '12.34', '.123', '1,2,3'])('and not as in %s', async (text) => {
    await makeJob({ ...job, 'a.csv': `x\n1\n${text}\n` });
    await expect(run()).rejects.toMatchObject({
      kind: 'data',
      place: { file: join(folder, 'a.csv'), line: 3 },
      message: `column "x": expected DECIMAL(12,2), got ${JSON.stringify(text)}; correct it, declare another type, or list it in nulls`,
    });
  });
});

test('two steps whose outputs differ only in case are refused, and nothing is published', async () => {
  await makeJob({
    'job.yaml': `inputs:
  a: { path: a.csv, columns: { x: BIGINT } }
steps:
  one: { sql: a.sql, output: { path: out/X.json } }
  two: { sql: a.sql, output: { path: out/x.json } }
`,
    'a.sql': 'SELECT x FROM a',
    'a.csv': 'x\n1\n',
  });
  await expect(run()).rejects.toMatchObject({
    kind: 'data',
    message: `two outputs of the job have paths that differ only in case: ${folder}/out/X.json and ${folder}/out/x.json; give them different templates`,
  });
});

test.each(['INTERVAL', 'UNION(n INTEGER, t VARCHAR)', 'INTEGER[]'])(
  'rows cannot be partitioned by a %s',
  async (type) => {
    await makeJob({
      'job.yaml':
        'inputs:\n  a: { path: a.csv, columns: { x: BIGINT } }\nsql: a.sql\npartition_by: [p]\noutput: { path: "out/{p}.json" }\n',
      'a.sql': `SELECT x, NULL::${type} AS p FROM a`,
      'a.csv': 'x\n1\n',
    });
    await expect(run()).rejects.toMatchObject({
      kind: 'job',
      place: { line: 4, column: 16 },
      message: `"p" is of type ${type}, by which rows cannot be partitioned; cast it to VARCHAR in the SQL`,
    });
  },
);
