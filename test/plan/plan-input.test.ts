import { chmod, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSession, type Session } from '../../src/duckdb/session.ts';
import { PitwallError } from '../../src/error.ts';
import { planInput } from '../../src/plan/plan-input.ts';
import { localStorage } from '../../src/storage/local.ts';
import { folderWith, type InputChanges, someInput } from './some-input.ts';

let session: Session;
beforeAll(async () => {
  session = await openSession();
});
afterAll(() => session.close());

type Files = Record<string, string | Uint8Array>;

async function plan(files: Files, input: InputChanges = {}) {
  return await planFolder(await folderWith(files), input);
}

async function planFolder(folder: string, input: InputChanges = {}) {
  const paths = (input.paths ?? ['**']).map((path) => join(folder, path));
  return await planInput(localStorage(), session, someInput({ ...input, paths }));
}

/** The whole line of the error, the folder written as `~`. */
async function failure(files: Files, input: InputChanges = {}): Promise<string> {
  return await folderFailure(await folderWith(files), input);
}

async function folderFailure(folder: string, input: InputChanges = {}): Promise<string> {
  const error = await planFolder(folder, input).catch((error: unknown) => error);
  if (!(error instanceof PitwallError) || error.kind !== 'data') throw new Error(`got ${String(error)}`);
  return error.toString().replaceAll(folder, '~');
}

const toParquet = (folder: string, name: string, select: string) =>
  session.run(`COPY (${select}) TO '${folder}/${name}' (FORMAT parquet)`);

describe('the files of an input', () => {
  it('are listed path by path, byte-wise within a path, each once', async () => {
    const file = 'a,b\n1,x\n';
    const files = { 'b.csv': file, 'B.csv': file, 'a.csv': file, 'z/1.csv': file };
    const { files: planned } = await plan(files, { paths: ['z/*.csv', '*.csv', 'a.csv'] });
    expect(planned.map(({ url }) => basename(url))).toEqual(['1.csv', 'B.csv', 'a.csv', 'b.csv']);
    expect(planned[0]).toMatchObject({
      sizeBytes: 8,
      compression: 'none',
      layout: 0,
      pathValues: [],
      rows: undefined,
    });
    expect(planned[0]?.etag).toMatch(/^[0-9a-f]{32}$/);
  });

  it('have to exist', async () => {
    expect(await failure({ 'sub/x.csv': '' }, { paths: ['sub/races*.csv'] })).toBe(
      'input "things": no file matches ~/sub/races*.csv; the folder ~/sub exists: check the path and the --set values',
    );
    expect(await failure({}, { paths: ['none/a/races.csv'] })).toBe(
      'input "things": no file matches ~/none/a/races.csv; the folder ~ exists: check the path and the --set values',
    );
  });

  it.runIf(process.getuid?.() !== 0)('have to be readable', async () => {
    const folder = await folderWith({ 'a.csv': 'a,b\n' });
    await chmod(join(folder, 'a.csv'), 0);
    expect(await folderFailure(folder)).toBe(
      'cannot read ~/a.csv: permission denied; check the rights of the file and of its folders',
    );
  });

  it('have to hold something, unless empty files are allowed', async () => {
    expect(await failure({ 'a.csv': '' })).toBe(
      '~/a.csv: empty file in input "things": expected data, got 0 bytes; remove the file or set allow_empty: true',
    );
    expect((await plan({ 'a.csv': '' }, { allowEmpty: true })).files).toEqual([]);
  });
});

describe('the header of a CSV', () => {
  it('gives the place of every declared column, equal layouts shared', async () => {
    const files = { '1.csv': 'a,b\n', '2.csv': 'b,x,a\n', '3.csv': 'a,b\n' };
    const planned = await plan(files);
    expect(planned.files.map(({ layout }) => layout)).toEqual([0, 1, 0]);
    expect(planned.layouts[1]).toEqual([
      { source: 'b', column: 'b' },
      { source: 'x', column: undefined },
      { source: 'a', column: 'a' },
    ]);
  });

  it.each([
    ['quoted names', '"a","b"\n', {}],
    ['names with line ends', '"a\nb",b\n', { columns: { 'a\nb': 'BIGINT', b: 'VARCHAR' } }],
    ['CR alone', 'a,b\r1,x\r', {}],
    ['another escape', "'a\\'',b\n", { quote: "'", escape: '\\', columns: { "a'": 'BIGINT', b: 'VARCHAR' } }],
    ['no quotes', '"a",b\n', { quote: '', columns: { '"a"': 'BIGINT', b: 'VARCHAR' } }],
    ['UTF-16 of the other end', Buffer.from('\ufeffa,b\n', 'utf16le').swap16(), { encoding: 'utf-16' }],
    ['over 64 kB', `${'x'.repeat(200_000)},a,b\n`, {}],
    [
      'gzip over 64 kB',
      gzipSync(
        `${Array.from({ length: 40_000 }, (_, index) => `c${(index * 2_654_435_761) % 4_294_967_296}`).join(',')},a,b\n`,
      ),
      { compression: 'gzip' },
    ],
  ] as [string, string | Uint8Array, InputChanges][])('is read with %s', async (_, file, input) => {
    const { layouts } = await plan({ 'a.csv': file }, input);
    const names = Object.keys(input.columns ?? { a: 0, b: 0 });
    expect(layouts[0]?.flatMap(({ column }) => column ?? [])).toEqual(names);
  });

  it('is read from the start of a zstd file, and damage there is told', async () => {
    const folder = await folderWith();
    const path = join(folder, 'a.csv.zst');
    await session.run(
      `COPY (SELECT i AS a, hash(i) AS b FROM range(300000) t(i)) TO '${path}' (FORMAT csv, COMPRESSION zstd)`,
    );
    const unordered = await openSession({ settings: { threads: 2, preserve_insertion_order: false } });
    const input = someInput({ paths: [path] });
    expect((await planInput(localStorage(), unordered, input)).layouts[0]?.[0]).toEqual({
      source: 'a',
      column: 'a',
    });
    await unordered.close();
    const bytes = await readFile(path);
    await writeFile(path, bytes.fill(0xff, 6, 2000));
    expect(await folderFailure(folder)).toMatch(
      /^~\/a\.csv\.zst: not a readable zstd file: .+; make it again$/,
    );
  });

  it('is read from zstd whose lines end otherwise than those within its values', async () => {
    const folder = await folderWith();
    const text = `SELECT 'a,b' || chr(13) || chr(10) || '1,"x' || chr(10) || 'y"' || chr(13)`;
    await session.rows(
      `COPY (${text}) TO '${folder}/a.csv.zst' (FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIM '|', COMPRESSION zstd)`,
    );
    const { layouts } = await planFolder(folder);
    expect(layouts[0]?.map(({ source }) => source)).toEqual(['a', 'b']);
  });

  it('is read from zstd', async () => {
    const folder = await folderWith();
    await session.run(
      `COPY (SELECT 1 AS a, 'x' AS b) TO '${folder}/a.csv.zst' (FORMAT csv, COMPRESSION zstd)`,
    );
    const planned = await planFolder(folder);
    expect(planned.layouts).toEqual([
      [
        { source: 'a', column: 'a' },
        { source: 'b', column: 'b' },
      ],
    ]);
    expect(planned.files[0]?.compression).toBe('zstd');
  });

  it('has to name every declared column', async () => {
    expect(await failure({ '1.csv': 'a,b\n', '2.csv': 'a,c\n' })).toBe(
      '~/2.csv:1: missing column "b": the first line is "a,c"; add it to the file or remove it from columns',
    );
    expect(await failure({ 'a.csv': 'A,b \n' })).toBe(
      '~/a.csv:1: missing columns "a", "b": the first line is "A,b "; "A" differs in case or spaces: declare it so or set header_match: ignore_case',
    );
  });

  it('has to be there', async () => {
    expect(await failure({ 'a.csv': '1,one\n2,two\n' })).toBe(
      '~/a.csv:1: missing columns "a", "b": the first line is "1,one"; it looks like data: add a header or set header: false',
    );
  });

  it('has to be divided by the declared delimiter', async () => {
    expect(await failure({ 'a.csv': 'a;b\n1;x\n' })).toBe(
      '~/a.csv:1: missing columns "a", "b": the first line is "a;b"; the delimiter looks like ";": set delimiter',
    );
    expect(await failure({ 'a.csv': '"a"\t"b"\n1\tx\n' })).toContain(
      'the delimiter looks like "\\t": set delimiter',
    );
  });

  it('may not name a column twice', async () => {
    expect(await failure({ 'a.csv': 'a,b,b\n' })).toBe(
      '~/a.csv:1: the header has "b" twice: "a,b,b"; rename or remove one of the columns',
    );
    expect(await failure({ 'a.csv': 'a,b,A\n' }, { headerMatch: 'ignore_case' })).toContain(
      'the header has "A" twice',
    );
  });

  it('may not name more under extra_columns: error', async () => {
    expect(await failure({ 'a.csv': 'a,b,c,d\n' }, { extraColumns: 'error' })).toBe(
      '~/a.csv:1: undeclared columns "c", "d"; declare them or set extra_columns: ignore',
    );
  });

  it('has to end', async () => {
    expect(await failure({ 'a.csv': '"a,b\n1,x\n' })).toBe(
      '~/a.csv:1: the first line does not end: expected a header, got an open quote or too long a line; check quote and delimiter',
    );
  });

  it('is not shown whole when it is long', async () => {
    const message = await failure({
      'a.csv': `${Array.from({ length: 10_000 }, (_, index) => `c${index}`).join(',')}\n`,
    });
    expect(message.length).toBeLessThan(500);
  });

  it('is not needed under header: false, but the number of columns has to be right', async () => {
    const planned = await plan({ 'a.csv': '1,x\n' }, { header: false });
    expect(planned.layouts).toEqual([
      [
        { source: 'a', column: 'a' },
        { source: 'b', column: 'b' },
      ],
    ]);
    expect(await failure({ 'a.csv': '1,x,y\n' }, { header: false })).toBe(
      '~/a.csv:1: expected 2 columns as declared, got 3: "1,x,y"; check columns and delimiter',
    );
  });

  it('of the first wrong file is reported, whatever comes first', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 60 }, (_, index) => [`${100 + index}.csv`, index < 20 ? 'a,b\n' : 'a\n']),
    );
    expect(await failure(files)).toMatch(/^~\/120\.csv:1: missing column "b"/);
  });
});

describe('the bytes of a file', () => {
  it('have to be in the declared encoding', async () => {
    const message = '~/a.csv: looks like UTF-16, expected utf-8; set encoding: utf-16';
    expect(await failure({ 'a.csv': Buffer.from('\ufeffa,b\n1,x\n', 'utf16le') })).toBe(message);
    expect(await failure({ 'a.csv': Buffer.from('a,b\n1,x\n', 'utf16le') })).toBe(message);
    expect(await failure({ 'a.csv': Buffer.from('a,b\n1,x\n', 'utf16le').swap16() })).toBe(message);
  });

  it('have to be compressed as the name says', async () => {
    expect(await failure({ 'a.csv': gzipSync('a,b\n') })).toBe(
      '~/a.csv: expected an uncompressed file, got a gzip file; rename it or set compression: gzip',
    );
    expect(await failure({ 'a.csv.gz': 'a,b\n' })).toBe(
      '~/a.csv.gz: expected a gzip file, got an uncompressed file; rename it or set compression: none',
    );
    expect(await failure({ 'a.ndjson.gz': '{}\n' }, { format: 'ndjson' })).toBe(
      '~/a.ndjson.gz: expected a gzip file, got an uncompressed file; rename it or set compression: none',
    );
    expect((await plan({ 'a.csv.gz': gzipSync('a,b\n') })).files[0]?.compression).toBe('gzip');
  });

  it('have to be whole where they are looked at', async () => {
    expect(await failure({ 'a.csv.gz': Buffer.from([0x1f, 0x8b, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9]) })).toBe(
      '~/a.csv.gz: not a valid gzip file; make it again',
    );
  });
});

describe('a Parquet file', () => {
  const parquet = { format: 'parquet' } as const;

  it('gives its columns and rows', async () => {
    const folder = await folderWith();
    await toParquet(folder, '1.parquet', "SELECT 'x' AS b, i::INTEGER AS a FROM range(7) t(i)");
    await toParquet(folder, '2.parquet', "SELECT i AS a, 'x' AS b FROM range(0) t(i)");
    const planned = await planFolder(folder, parquet);
    expect(planned.files.map(({ rows, layout }) => [rows, layout])).toEqual([
      [7, 0],
      [0, 1],
    ]);
    expect(planned.layouts[0]).toEqual([
      { source: 'b', column: 'b', type: 'VARCHAR' },
      { source: 'a', column: 'a', type: 'INTEGER' },
    ]);
  });

  it('has to be one', async () => {
    const message = await failure({ 'a.parquet': 'a,b\n1,x\n' }, parquet);
    expect(message).toMatch(
      /^~\/a\.parquet: not a readable Parquet file: .*too small to be a Parquet file.*; make it again or set the input's format$/,
    );
    expect(await failure({ 'a.parquet': 'a,b\n1,some more text than that\n' }, parquet)).toContain(
      '~/a.parquet: not a readable Parquet file: No magic bytes found',
    );
  });

  it('has to have every declared column', async () => {
    const folder = await folderWith();
    await toParquet(folder, '1.parquet', "SELECT 1 AS a, 'x' AS b");
    await toParquet(folder, '2.parquet', "SELECT 1 AS a, 'x' AS c");
    expect(await folderFailure(folder, parquet)).toBe(
      '~/2.parquet: missing column "b": the file has a, c; add it to the file or remove it from columns',
    );
    await toParquet(folder, '2.parquet', "SELECT 1 AS a, 'x' AS B");
    expect(await folderFailure(folder, parquet)).toBe(
      '~/2.parquet: missing column "b": the file has a, B; "B" differs in case: declare it so or set header_match: ignore_case',
    );
    expect((await planFolder(folder, { ...parquet, headerMatch: 'ignore_case' })).files).toHaveLength(2);
  });

  it('may not hold what the declared type does not', async () => {
    const folder = await folderWith();
    await toParquet(folder, 'a.parquet', "SELECT 1::HUGEINT::DOUBLE AS a, 'x' AS b");
    expect(await folderFailure(folder, parquet)).toBe(
      '~/a.parquet: column "a": expected BIGINT, got DOUBLE, which it does not hold without loss; declare DOUBLE and cast in SQL',
    );
  });

  it('may not hold more under extra_columns: error', async () => {
    const folder = await folderWith();
    await toParquet(folder, 'a.parquet', "SELECT 1 AS a, 'x' AS b, 1 AS c");
    expect(await folderFailure(folder, { ...parquet, extraColumns: 'error' })).toBe(
      '~/a.parquet: undeclared column "c"; declare it or set extra_columns: ignore',
    );
  });
});

describe('values from the path', () => {
  const input = { columns: { year: 'INTEGER', a: 'BIGINT', b: 'VARCHAR' }, pathColumns: ['year'] };

  it('are kept as text', async () => {
    const planned = await plan({ 'year=2020/a.csv': 'a,b\n' }, { ...input, paths: ['year={year}/*'] });
    expect(planned.files[0]?.pathValues).toEqual(['2020']);
  });

  it('have to be of the declared type', async () => {
    const files = { 'year=2020/a.csv': 'a,b\n', 'year=abc/a.csv': 'a,b\n' };
    expect(await failure(files, { ...input, paths: ['year={year}/*'] })).toBe(
      '~/year=abc/a.csv: column "year" of the path: expected INTEGER, got "abc"; rename the folder or file, or declare VARCHAR',
    );
  });

  it('have to be there for every file', async () => {
    const files = { 'year=2020/a.csv': 'a,b\n', 'other/a.csv': 'a,b\n' };
    expect(await failure(files, input)).toMatch(
      /^~\/other\/a\.csv: expected a folder year=…, the path has none; move the file or narrow the pattern /,
    );
    expect(await failure({ 'Year=2020/a.csv': 'a,b\n' }, input)).toMatch(
      /^~\/Year=2020\/a\.csv: expected a folder year=…, the path has "Year=2020" in another spelling; move the file/,
    );
  });
});

describe('declared types', () => {
  it('are kept as DuckDB prints them', async () => {
    const columns = { a: 'int', b: 'text', c: 'decimal(10, 2)[]', d: 'STRUCT("x y" INT8)' };
    const { columns: planned } = await plan({ 'a.csv': 'a,b,c,d\n' }, { columns });
    expect(planned.map(({ type }) => type)).toEqual([
      'INTEGER',
      'VARCHAR',
      'DECIMAL(10,2)[]',
      'STRUCT("x y" BIGINT)',
    ]);
  });
});

describe('the place where the body of a CSV begins', () => {
  const starts = async (content: string | Uint8Array, input: InputChanges = {}, name = 'a.csv') =>
    (await plan({ [name]: content }, input)).files.map(({ bodyStart }) => bodyStart);

  it('is behind the header and the byte order mark, in bytes', async () => {
    expect(await starts('a,b\n1,x\n')).toEqual([4]);
    expect(await starts('a,b\r\n1,x\r\n')).toEqual([5]);
    expect(await starts('\uFEFFa,b\n1,x\n')).toEqual([7]);
    expect(await starts('\uFEFF"a",b\n1,x\n')).toEqual([9]);
    expect(await starts('a,b,"é\n§"\n1,x,y\n')).toEqual([12]);
    expect(await starts('a§b\n1§x\n', { delimiter: '§' })).toEqual([5]);
    const latin1 = Buffer.from('a§b§é\n1§x§y\n', 'latin1');
    expect(await starts(latin1, { delimiter: '§', encoding: 'latin-1' })).toEqual([6]);
    expect(await starts('a,b')).toEqual([3]);
  });

  it('is the first byte without a header', async () => {
    expect(await starts('1,x\n', { header: false })).toEqual([0]);
    expect(await starts('\uFEFF1,x\n', { header: false })).toEqual([3]);
  });

  it('is not known where lines cannot be told by bytes', async () => {
    expect(await starts(gzipSync('a,b\n1,x\n'), {}, 'a.csv.gz')).toEqual([undefined]);
    const utf16 = Buffer.from('\uFEFFa,b\n1,x\n', 'utf16le');
    expect(await starts(utf16, { encoding: 'utf-16' })).toEqual([undefined]);
  });
});

it('the first row of each Parquet file is counted over the files before it where rows are numbered', async () => {
  const folder = await folderWith();
  for (const [name, rows] of [
    ['1', 3],
    ['2', 0],
    ['3', 2],
  ] as const)
    await toParquet(folder, `${name}.parquet`, `SELECT range AS a, 'x' AS b FROM range(${rows})`);
  const { files } = await planFolder(folder, { format: 'parquet', rowNumber: 'n' });
  expect(files.map(({ rows, firstRow }) => [rows, firstRow])).toEqual([
    [3, 0],
    [0, 3],
    [2, 3],
  ]);
  const others = await planFolder(folder, { format: 'parquet' });
  expect(others.files.map(({ firstRow }) => firstRow)).toEqual([undefined, undefined, undefined]);
});
