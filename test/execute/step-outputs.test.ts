import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { tableFromIPC } from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSession, type Session } from '../../src/duckdb/session.ts';
import { quoteLiteral } from '../../src/duckdb/sql.ts';
import type { StagedOutput } from '../../src/execute/record.ts';
import type { Output, OutputFormat } from '../../src/job/job.ts';
import { RUN_ID, type StepChanges, someOutput, someStep } from './some-step.ts';
import { textsOf, type WriteOptions, writeStep } from './write-step.ts';

let session: Session;
beforeAll(async () => {
  session = await openSession({ settings: { threads: 2, preserve_insertion_order: false } });
});
afterAll(() => session.close());

const ROWS = `SELECT * FROM (VALUES (2020, 'a', 3, 1.50), (2021, 'é,"', 1, NULL), (2020, NULL, 2, 0.05)) t(y, name, pos, points)`;
const FORMATS: readonly OutputFormat[] = ['json', 'ndjson', 'csv', 'parquet', 'arrow'];

type Options = WriteOptions &
  Omit<StepChanges, 'parameters'> & { readonly path?: string; readonly out?: Partial<Output> };

async function write(
  sql: string,
  { path = '{y}.json', out = {}, only, partitions, parameters, ...changes }: Options = {},
) {
  const step = someStep(sql, {
    partitionBy: ['y'],
    orderBy: ['pos'],
    output: someOutput(path, out),
    ...changes,
  });
  return writeStep(session, step, {
    ...(only && { only }),
    ...(partitions && { partitions }),
    ...(parameters && { parameters }),
  });
}

const texts = async (sql: string, options?: Options) => textsOf(await write(sql, options));

/** The rows of a staged file, whatever its format. */
async function rowsOf({ stagedPath }: StagedOutput, format: OutputFormat): Promise<unknown[]> {
  if (format === 'arrow')
    return tableFromIPC(await readFile(stagedPath))
      .toArray()
      .map((row) => ({ ...row.toJSON() }));
  const reader = { json: 'read_json', ndjson: 'read_json', csv: 'read_csv', parquet: 'read_parquet' }[format];
  return session.rows(`SELECT * FROM ${reader}(${quoteLiteral(stagedPath)})`);
}

describe('text outputs', () => {
  it('are a JSON array with a row per line for each partition, in order', async () => {
    expect(await texts(ROWS)).toEqual({
      '2020.json': '[\n{"name":null,"pos":2,"points":0.05},\n{"name":"a","pos":3,"points":1.50}\n]\n',
      '2021.json': '[\n{"name":"é,\\"","pos":1,"points":null}\n]\n',
    });
  });

  it('are indented when asked', async () => {
    expect(await texts('SELECT 2020 AS y, 1 AS pos, [1] AS l', { out: { indent: 2 } })).toEqual({
      '2020.json': `${JSON.stringify([{ pos: 1, l: [1] }], null, 2)}\n`,
    });
  });

  it('are NDJSON and CSV as well', async () => {
    expect(await texts(ROWS, { path: '{y}.x', out: { format: 'ndjson' } })).toMatchObject({
      '2020.x': '{"name":null,"pos":2,"points":0.05}\n{"name":"a","pos":3,"points":1.50}\n',
    });
    expect(await texts(ROWS, { path: '{y}.x', out: { format: 'csv' } })).toEqual({
      '2020.x': 'name,pos,points\n,2,0.05\na,3,1.50\n',
      '2021.x': 'name,pos,points\n"é,""",1,\n',
    });
    expect(
      await texts(ROWS, { path: '{y}.x', out: { format: 'csv', delimiter: ';', header: false } }),
    ).toMatchObject({ '2020.x': ';2;0.05\na;3;1.50\n' });
  });

  it('take the rules for big integers and what is no number', async () => {
    const sql = "SELECT 2020 AS y, 1 AS pos, 9007199254740993 AS big, 'nan'::DOUBLE AS d";
    expect(await texts(sql, { out: { bigint: 'string', nonfinite: 'string' } })).toEqual({
      '2020.json': '[\n{"pos":1,"big":"9007199254740993","d":"NaN"}\n]\n',
    });
    await expect(write(sql, { out: { nonfinite: 'error' } })).rejects.toMatchObject({ kind: 'data' });
  });

  it('of rows without order hold the same rows', async () => {
    const sql = 'SELECT i % 3 AS y, i AS pos FROM range(100000) t(i)';
    const outputs = await write(sql, { orderBy: [], path: '{y}.ndjson', out: { format: 'ndjson' } });
    expect(outputs.map(({ path, rows }) => [path, rows])).toEqual([
      ['0.ndjson', 33334],
      ['1.ndjson', 33333],
      ['2.ndjson', 33333],
    ]);
    const [first] = outputs;
    const lines = first ? (await readFile(first.stagedPath, 'utf8')).split('\n').slice(0, -1) : [];
    expect(new Set(lines).size).toBe(33334);
    expect(lines.every((line) => JSON.parse(line).pos % 3 === 0)).toBe(true);
  });

  it('over half a megabyte have one separator between any two rows', async () => {
    const [output] = await write("SELECT 1 AS y, i AS pos, 'text number ' || i AS t FROM range(50000) t(i)");
    const rows = JSON.parse(await readFile(output?.stagedPath ?? '', 'utf8'));
    expect(rows.map(({ pos }: { pos: number }) => pos)).toEqual(Array.from({ length: 50_000 }, (_, i) => i));
  });
});

describe.each(FORMATS)('outputs as %s', (format) => {
  const out = { format };
  const path = `{y}.${format}`;

  it('are one file for each partition, with its rows, bytes and SHA-256', async () => {
    const outputs = await write(ROWS, { path, out });
    expect(
      outputs.map(({ step, partition, root, path, rows }) => ({ step, partition, root, path, rows })),
    ).toEqual([
      { step: 'things', partition: { y: '2020' }, root: '/out', path: `2020.${format}`, rows: 2 },
      { step: 'things', partition: { y: '2021' }, root: '/out', path: `2021.${format}`, rows: 1 },
    ]);
    for (const { stagedPath, bytes, sha256 } of outputs) {
      const content = await readFile(stagedPath);
      expect([bytes, sha256]).toEqual([content.length, createHash('sha256').update(content).digest('hex')]);
    }
  });

  it('have the rows in order, NULL last', async () => {
    const sql =
      "SELECT 1 AS y, CASE WHEN i < 3000 THEN i::INTEGER END AS pos, 'é' || i AS t FROM range(3001) t(i) ORDER BY hash(i)";
    const [output] = await write(sql, { path, out, orderBy: ['pos desc'] });
    const rows = output ? await rowsOf(output, format) : [];
    expect(rows.slice(0, 2)).toEqual([
      expect.objectContaining({ t: 'é2999' }),
      expect.objectContaining({ t: 'é2998' }),
    ]);
    expect([rows.length, rows.at(-1)]).toEqual([3001, expect.objectContaining({ pos: null, t: 'é3000' })]);
  });

  it('have the same bytes for any number of threads, though keys tie', async () => {
    const sql = "SELECT (i % 2)::INTEGER AS y, i % 10 AS pos, 'text ' || hash(i) AS t FROM range(20000) t(i)";
    const hashes = async (threads: number) => {
      const own = await openSession({ settings: { threads, preserve_insertion_order: false } });
      const step = someStep(sql, { partitionBy: ['y'], orderBy: ['pos'], output: someOutput(path, out) });
      const outputs = await writeStep(own, step);
      await own.close();
      return outputs.map(({ sha256 }) => sha256);
    };
    expect(await hashes(4)).toEqual(await hashes(1));
  });

  it('leave out partition columns and what is omitted, or keep the former', async () => {
    const names = async (changes: Partial<Output>) => {
      const [output] = await write(ROWS, { path, out: { ...out, ...changes } });
      return Object.keys((output ? await rowsOf(output, format) : [])[0] ?? {});
    };
    expect(await names({})).toEqual(['name', 'pos', 'points']);
    expect(await names({ omit: ['pos', 'name'] })).toEqual(['points']);
    expect(await names({ omit: ['pos'], keepPartitionColumns: true })).toEqual(['y', 'name', 'points']);
  });

  it('are named for the same texts in every format, whatever the type of the column', async () => {
    const sql = `SELECT TIMESTAMP '2024-07-07 14:00:00' AS t, true AS b, 1.0::DOUBLE AS d, DATE '2024-01-01' AS day, 1.50::DECIMAL(9,2) AS n, 1 AS pos`;
    const [output] = await write(sql, {
      path: `{t}/{b}/{d}/{day}/{n}.${format}`,
      out,
      partitionBy: ['t', 'b', 'd', 'day', 'n'],
    });
    expect(output?.path).toBe(`2024-07-07T14%3A00%3A00.000/true/1/2024-01-01/1.50.${format}`);
    expect(output?.partition).toEqual({
      t: '2024-07-07T14:00:00.000',
      b: 'true',
      d: '1',
      day: '2024-01-01',
      n: '1.50',
    });
  });

  it('are one file without partition columns, also for zero rows', async () => {
    for (const [where, rows] of [
      ['true', 3],
      ['false', 0],
    ] as const) {
      const outputs = await write(`${ROWS} WHERE ${where}`, {
        path: `all-{run}.${format}`,
        out,
        partitionBy: [],
      });
      expect(outputs.map(({ path, rows }) => [path, rows])).toEqual([[`all-${RUN_ID}.${format}`, rows]]);
      expect(outputs[0] && (await rowsOf(outputs[0], format))).toHaveLength(rows);
    }
  });

  it('of no rows are written, skipped or an error, as the output says', async () => {
    const none = `${ROWS} WHERE false`;
    const options = (empty: Output['empty']) => ({
      path: `all.${format}`,
      out: { ...out, empty },
      partitionBy: [],
    });
    expect(await write(none, options('write'))).toHaveLength(1);
    expect(await write(none, options('skip'))).toEqual([]);
    await expect(write(none, options('fail'))).rejects.toMatchObject({
      kind: 'data',
      message: 'step "things" has no rows, and its output says empty: fail',
    });
  });

  it('belong to the partitions of the step alone, and those without rows are empty', async () => {
    const partition = [{ column: 'y', sql: undefined, parameters: [] }];
    const partitions = ['2019', '2021'].map((y) => new Map([['y', y]]));
    const options = (empty: Output['empty']) => ({ path, partition, partitions, out: { ...out, empty } });
    const found = (await write(ROWS, options('write'))).map(({ path, rows }) => [path, rows]);
    expect(found).toEqual([
      [`2019.${format}`, 0],
      [`2021.${format}`, 1],
    ]);
    expect((await write(ROWS, options('skip'))).map(({ path }) => path)).toEqual([`2021.${format}`]);
    await expect(write(ROWS, options('fail'))).rejects.toThrow(
      'step "things" has no rows where y is 2019, and its output says empty: fail',
    );
  });

  it('keep every partition below those values that some of the columns are divided by', async () => {
    const partition = [{ column: 'y', sql: undefined, parameters: [] }];
    const partitions = ['2020', '2022'].map((y) => new Map([['y', y]]));
    const options = { path: `{y}/{pos}.${format}`, partitionBy: ['y', 'pos'], partition, partitions };
    expect((await write(ROWS, { ...options, out })).map(({ path }) => path)).toEqual([
      `2020/2.${format}`,
      `2020/3.${format}`,
    ]);
    await expect(write(ROWS, { ...options, out: { ...out, empty: 'fail' } })).rejects.toThrow(
      'step "things" has no rows where y is 2022, and its output says empty: fail',
    );
  });

  it('are narrowed by --only, each value read as the column’s type', async () => {
    const paths = async (only: [string, string[]][]) =>
      (await write(ROWS, { path, out, only: new Map(only) })).map((output) => output.path);
    expect(await paths([['y', ['02021', '1999']]])).toEqual([`2021.${format}`]);
    expect(await paths([['y', ['2020', '2021']]])).toHaveLength(2);
  });

  it('take parameters', async () => {
    const outputs = await write('SELECT $y::INTEGER AS y, $v AS pos', {
      path,
      out,
      parameters: { y: 2020, v: 'x' },
    });
    expect(outputs.map(({ path }) => path)).toEqual([`2020.${format}`]);
  });

  it('fail whole over a NULL partition, one that climbs, and two that differ in case, and leave nobody writing', async () => {
    const failure = (values: string) => write(`SELECT * FROM (VALUES ${values}) t(y, pos)`, { path, out });
    await expect(failure("('a', 1), (NULL, 2)")).rejects.toThrow('partition column "y" is NULL in a row');
    await expect(failure("('../../x', 1)")).rejects.toThrow('climbs out of its folder');
    await expect(failure("('Monza', 1), ('monza', 2)")).rejects.toThrow(
      /^two partitions of out\/\{y\}\.\w+ differ only in case: Monza\.\w+ and monza\.\w+; /,
    );
    expect(await session.rows('SHOW TABLES')).toEqual([]);
  });

  it('place an error of the SQL in the user’s file', async () => {
    const sql = "SELECT 1 AS y,\n  error('boom')::INTEGER AS pos\nFROM range(10)";
    await expect(write(sql, { path, out })).rejects.toMatchObject({
      kind: 'data',
      message: 'boom',
      place: { file: '/job/things.sql' },
    });
  });
});

describe('many partitions', () => {
  it('are all written, a few files at a time', async () => {
    const sql = 'SELECT i::INTEGER % 2000 AS y, i AS pos FROM range(6000) t(i)';
    for (const orderBy of [[], ['pos']]) {
      const outputs = await write(sql, { orderBy });
      expect([outputs.length, outputs.every(({ rows }) => rows === 3)]).toEqual([2000, true]);
      expect(new Set(outputs.map(({ stagedPath }) => stagedPath)).size).toBe(2000);
    }
  });

  it('are listed by the bytes of their paths', async () => {
    const outputs = await write("SELECT unnest(['b', 'é', 'Z', 'a/', '10', '9']) AS y, 1 AS pos");
    expect(outputs.map(({ path }) => path)).toEqual([
      '10.json',
      '9.json',
      'Z.json',
      'a%2F.json',
      'b.json',
      'é.json',
    ]);
  });
});

describe('Parquet outputs', () => {
  it('have the compression that is asked for', async () => {
    for (const compression of ['snappy', 'zstd', 'gzip', 'uncompressed'] as const) {
      const [output] = await write(ROWS, { out: { format: 'parquet', compression } });
      const codecs = await session.rows(
        `SELECT DISTINCT compression AS c FROM parquet_metadata(${quoteLiteral(output?.stagedPath ?? '')})`,
      );
      expect(codecs).toEqual([{ c: compression.toUpperCase() }]);
    }
  });

  it('hold wide integers exactly', async () => {
    const [output] = await write(
      'SELECT 1 AS y, 1 AS pos, 12345678901234567890123456789012345678::HUGEINT AS h',
      { out: { format: 'parquet' } },
    );
    expect(output && (await rowsOf(output, 'parquet'))).toEqual([
      { pos: 1, h: '12345678901234567890123456789012345678' },
    ]);
  });
});

it('the counter of rows is told of every row', async () => {
  for (const format of FORMATS) {
    let counted = 0;
    const step = someStep('SELECT (i % 3)::INTEGER AS y, i AS pos FROM range(5000) t(i)', {
      partitionBy: ['y'],
      output: someOutput('{y}', { format }),
    });
    await writeStep(session, step, {
      onRows: (rows) => {
        counted += rows;
      },
    });
    expect(counted).toBe(5000);
  }
});

it('a partition column may have any name', async () => {
  const sql = `SELECT 1 AS share, 2 AS "1", 3 AS "a""b", 4 AS pos`;
  const path = [
    { kind: 'column', column: 'share' },
    { kind: 'text', text: '-' },
    { kind: 'column', column: '1' },
    { kind: 'text', text: '-' },
    { kind: 'column', column: 'a"b' },
  ] as const;
  for (const format of FORMATS) {
    const [output] = await write(sql, { partitionBy: ['share', '1', 'a"b'], out: { format, path } });
    expect([output?.path, output?.partition]).toEqual(['1-2-3', { share: '1', '1': '2', 'a"b': '3' }]);
  }
});

it('spilled rows lie in the staging folder alone', async () => {
  const [output] = await write(ROWS);
  const folder = output?.stagedPath.replace(/\/[^/]*$/, '') ?? '';
  expect((await readdir(folder)).sort()).toEqual(['0.staged', '1.staged']);
});
