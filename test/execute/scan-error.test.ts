import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSession, type Session } from '../../src/duckdb/session.ts';
import { FetchedFiles } from '../../src/execute/fetched-files.ts';
import { explainScanError, type ScanVerdict } from '../../src/execute/scan-error.ts';
import { inputStatements } from '../../src/execute/scan-sql.ts';
import { stageInput } from '../../src/execute/stage-input.ts';
import { planInput } from '../../src/plan/plan-input.ts';
import { localStorage } from '../../src/storage/local.ts';
import { folderWith, type InputChanges, someInput } from '../plan/some-input.ts';

let session: Session;
beforeAll(async () => {
  session = await openSession({ settings: { threads: 2, preserve_insertion_order: false } });
});
afterAll(() => session.close());

/** What a query over these files that fails is explained by. */
async function verdict(
  files: Record<string, string | Uint8Array>,
  input: InputChanges = {},
  sql = 'SELECT count(*) FROM things',
): Promise<{ verdict: ScanVerdict; folder: string }> {
  const folder = await folderWith(files);
  const scratch = join(await folderWith(), 'scratch');
  await mkdir(scratch);
  const paths = (input.paths ?? ['**']).map((path) => join(folder, path));
  const planned = await stageInput(await planInput(localStorage(), session, someInput({ ...input, paths })), {
    scratch,
    storage: localStorage(),
    fetched: new FetchedFiles({ storage: localStorage(), folder: join(scratch, 'fetched') }),
  });
  try {
    for (const statement of inputStatements(planned).setup) await session.run(statement);
    await session.rows(sql);
  } catch (error) {
    return { verdict: await explainScanError(session, [planned], error), folder };
  } finally {
    await session.run('DROP VIEW IF EXISTS things');
  }
  throw new Error('the query did not fail');
}

/** The whole line, the folder written as `~`. */
async function line(...args: Parameters<typeof verdict>): Promise<string> {
  const { verdict: found, folder } = await verdict(...args);
  if (found.kind !== 'explained') throw new Error(`got ${found.kind}`);
  return String(found.error).replaceAll(folder, '~');
}

const CORRECT = 'correct it, declare another type, or list it in nulls';

describe('a value that is not of its type', () => {
  it('is named with file, line, column and text', async () => {
    expect(await line({ 'a.csv': 'a,b\n1,x\nabc,y\n' })).toBe(
      `~/a.csv:3: column "a": expected BIGINT, got "abc"; ${CORRECT}`,
    );
  });

  it('is found in the second file', async () => {
    const files = { '1.csv': 'a,b\n1,x\n', '2.csv': 'b,a\nx,1\ny,abc\n' };
    expect(await line(files)).toBe(`~/2.csv:3: column "a": expected BIGINT, got "abc"; ${CORRECT}`);
  });

  it('is found in a compressed file, under the file’s own name', async () => {
    const file = gzipSync('a,b\n1,x\nabc,y\n');
    expect(await line({ 'a.csv.gz': file })).toBe(
      `~/a.csv.gz:3: column "a": expected BIGINT, got "abc"; ${CORRECT}`,
    );
  });

  it('may be a date that does not exist', async () => {
    expect(await line({ 'a.csv': 'd\n2020-02-28\n2020-02-30\n' }, { columns: { d: 'DATE' } })).toBe(
      `~/a.csv:3: column "d": expected DATE like %Y-%m-%d, got "2020-02-30"; ${CORRECT}`,
    );
  });

  it.each([
    ['BIGINT', '1.6'],
    ['INTEGER', '3000000000'],
    ['BIGINT', '9223372036854775808'],
    ['DOUBLE', '1e309'],
    ['HUGEINT', 'abc'],
  ])('may be of %s and %s, which DuckDB would take or round', async (type, text) => {
    expect(await line({ 'a.csv': `a,b\n1,x\n2,x\n${text},y\n1.5,z\n` }, { columns: { a: type } })).toBe(
      `~/a.csv:4: column "a": expected ${type}, got "${text}"; ${CORRECT}`,
    );
  });

  it('is the first of a large file', async () => {
    const lines = Array.from({ length: 400_000 }, (_, index) =>
      index % 150_000 === 149_999 ? `${index}.5,x` : `${index},some text`,
    );
    expect(await line({ 'a.csv': `a,b\n${lines.join('\n')}\n` })).toBe(
      `~/a.csv:150001: column "a": expected BIGINT, got "149999.5"; ${CORRECT}`,
    );
  });

  it('is on the right line after blank lines, quoted line ends and CRLF', async () => {
    const file = 'a,b\r\n1,"x\r\ny ""z"""\r\n\r\n1.6,y\r\n';
    expect(await line({ 'a.csv': file }, { newlinesInValues: true })).toBe(
      `~/a.csv:5: column "a": expected BIGINT, got "1.6"; ${CORRECT}`,
    );
    expect(await line({ 'a.csv': '1\n\n1.6\n' }, { header: false, columns: { a: 'BIGINT' } })).toBe(
      `~/a.csv:3: column "a": expected BIGINT, got "1.6"; ${CORRECT}`,
    );
  });

  it('is named in NDJSON', async () => {
    const input = { format: 'ndjson' } as const;
    const correct = 'correct it or declare another type';
    expect(await line({ 'a.ndjson': '{"a":1}\n{"a":1.6}\n' }, input)).toBe(
      `~/a.ndjson:2: column "a": expected BIGINT, got "1.6"; ${correct}`,
    );
    expect(await line({ 'a.ndjson': '{"a":1}\n{"a":"abc"}\n' }, input)).toBe(
      `~/a.ndjson:2: column "a": expected BIGINT, got "abc"; ${correct}`,
    );
    expect(await line({ 'a.ndjson': '{"a":1}\n{"a":2\n' }, input)).toBe(
      "~/a.ndjson:2: not JSON: unexpected end of data; correct it or check the input's format",
    );
  });

  it.each([
    ['BOOLEAN', '"maybe"', 'BOOLEAN, got "maybe"'],
    ['DATE', '"2024-02-30"', 'DATE like %Y-%m-%d, got "2024-02-30"'],
    ['TIMESTAMP', '"yesterday"', 'TIMESTAMP, got "yesterday"'],
    ['DECIMAL(18,2)', 'true', 'DECIMAL(18,2), got "true"'],
  ])('is named in JSON and NDJSON where it is no %s', async (type, value, expected) => {
    const said = `column "a": expected ${expected}; correct it or declare another type`;
    const rows = ['{"a":null}', '{}', `{"a":${value}}`];
    const columns = { a: type };
    expect(await line({ 'a.ndjson': rows.join('\n') }, { format: 'ndjson', columns })).toBe(
      `~/a.ndjson:3: ${said}`,
    );
    expect(await line({ 'a.json': `[${rows.join()}]` }, { format: 'json', columns })).toBe(
      `~/a.json: ${said}`,
    );
  });

  it('is not one that the reader of JSON takes in another way than a cast', async () => {
    const columns = { n: 'BIGINT', t: 'TIMESTAMP', z: 'TIMESTAMPTZ', b: 'BOOLEAN' };
    const input = { format: 'ndjson', columns, timestampFormat: '%d.%m.%Y %H:%M' } as const;
    const row = '"t":"05.01.2024 10:00","z":"2024-01-05 10:00:00+02","b":2';
    const file = { 'a.ndjson': `{"n":9007199254740993,${row}}` };
    const { verdict: exact } = await verdict(file, input, 'SELECT * FROM things');
    expect(exact).toEqual({ kind: 'scan exactly', input: 'things' });
    expect(await line({ 'a.ndjson': `{"n":1,${row}}\n{"b":"maybe"}` }, input)).toBe(
      '~/a.ndjson:2: column "b": expected BOOLEAN, got "maybe"; correct it or declare another type',
    );
  });

  it('may be half of a value in quotes', async () => {
    const said = `~/a.csv:2: column "a": expected BIGINT, got "b\\""; ${CORRECT}`;
    const hint = ', or set newlines_in_values: true if values hold line breaks';
    expect(await line({ 'a.csv': 'a,b\nb",x\n' })).toBe(said + hint);
    expect(await line({ 'a.csv': 'a,b\nb",x\n' }, { newlinesInValues: true })).toBe(said);
    expect(await line({ 'a.csv': 'a,b\nb",x\n' }, { quote: '', escape: '' })).toBe(said);
  });

  it('is a number of JSON with more digits than its reader keeps', async () => {
    const input = { format: 'ndjson', columns: { a: 'DECIMAL(38,10)' } } as const;
    expect(await line({ 'a.ndjson': '{"a":1}\n{"a":12345678901234567.89}\n' }, input)).toBe(
      '~/a.ndjson:2: column "a": expected DECIMAL(38,10), got "12345678901234568.0"; a number of more than 15 digits has to stand in quotes, as the reader of JSON does not keep it',
    );
  });

  it.each(['infinity', '-Infinity', ' epoch'])('is %j where a date has a format', async (word) => {
    const file = { 'a.csv': `a\n1900-01-01\n${word}\n` };
    expect(await line(file, { columns: { a: 'DATE' } })).toBe(
      `~/a.csv:3: column "a": expected DATE like %Y-%m-%d, got ${JSON.stringify(word)}; ${CORRECT}`,
    );
    const timestamp = { columns: { a: 'TIMESTAMP' }, timestampFormat: '%Y-%m-%d' };
    expect(await line(file, timestamp)).toBe(
      `~/a.csv:3: column "a": expected TIMESTAMP like %Y-%m-%d, got ${JSON.stringify(word)}; ${CORRECT}`,
    );
  });

  it('may contradict the file’s path', async () => {
    const input = {
      columns: { year: 'INTEGER', a: 'BIGINT' },
      pathColumns: ['year'],
      paths: ['year={year}/*'],
    };
    expect(await line({ 'year=2020/1.csv': 'a,year\n1,2020\n1,2021\n' }, input)).toBe(
      '~/year=2020/1.csv:3: column "year": expected "2020" as in the file\'s path, got "2021"; correct the one or the other',
    );
  });

  it('is cut when it is long, so that no message is over 2 KB', async () => {
    const message = await line({ 'a.csv': `a,b\n${'x'.repeat(100_000)},y\n` });
    expect(message).toBe(`~/a.csv:2: column "a": expected BIGINT, got "${'x'.repeat(200)}…"; ${CORRECT}`);
    expect((await line({ 'a.csv': `a,b\n1,${'x'.repeat(2_100_000)}\n` })).length).toBeLessThan(2000);
  });
});

describe('a line that is no record', () => {
  it('has too few or too many columns', async () => {
    const advice = 'correct the line or check delimiter and quote';
    expect(await line({ 'a.csv': 'a,b\n1,x\n2\n' })).toBe(
      `~/a.csv:3: expected 2 columns as in the header, got 1; ${advice}`,
    );
    expect(await line({ 'a.csv': 'a,b\n1,x,y\n' })).toBe(
      `~/a.csv:2: expected 2 columns as in the header, got 3 or more; ${advice}`,
    );
  });

  it('has a quote that stays open', async () => {
    expect(await line({ 'a.csv': 'a,b\n1,x\n2,"y\n3,z\n' })).toBe(
      '~/a.csv:3: a quote opens and does not close, or text follows the one that closes; mend it or check quote and escape',
    );
  });

  it('is not in the declared encoding', async () => {
    expect(await line({ 'a.csv': Buffer.from('a,b\n1,x\n2,é\n', 'latin1') })).toBe(
      '~/a.csv:3: expected utf-8, got bytes that are none; set encoding or convert the file',
    );
  });

  it('is too long', async () => {
    expect(await line({ 'a.csv': `a,b\n1,x\n2,${'x'.repeat(2_100_000)}\n` })).toBe(
      '~/a.csv:3: the line is longer than 2000000 bytes; check quote and delimiter, or shorten it',
    );
  });

  it('ends in another way than the first', async () => {
    expect(await line({ 'a.csv': 'a,b\r\n1,x\r\n2,y\n' })).toBe(
      '~/a.csv:3: the line ends in LF, expected CRLF as on line 1; make every line end alike',
    );
  });
});

describe('a damaged zstd file', () => {
  it('is named, which DuckDB does not do', async () => {
    const folder = await folderWith();
    await session.run(
      `COPY (SELECT i AS a, hash(i)::VARCHAR || hash(-i) AS b FROM range(2000000) t(i)) TO '${folder}/good.zst' (FORMAT csv, COMPRESSION zstd)`,
    );
    const good = await readFile(join(folder, 'good.zst'));
    const flipped = good.map((byte, index) => (index === good.length - 1000 ? byte ^ 0xff : byte));
    expect(await line({ 'a.csv.zst': good, 'b.csv.zst': flipped })).toMatch(
      /^~\/b\.csv\.zst: the zstd file is damaged \(.*\); make or copy it again$/,
    );
  });
});

describe('what is no mistake of the input', () => {
  it('is a number that only exact reading can tell', async () => {
    expect((await verdict({ 'a.csv': 'a,b\n9223372036854775807,x\n' })).verdict).toEqual({
      kind: 'scan exactly',
      input: 'things',
    });
    expect((await verdict({ 'a.csv': 'a\n-inf\n' }, { columns: { a: 'DOUBLE' } })).verdict.kind).toBe(
      'scan exactly',
    );
  });

  it('is an error of the query itself', async () => {
    const file = { 'a.csv': 'a,b\n1,x\n' };
    expect((await verdict(file, {}, "SELECT 'x'::INTEGER FROM things")).verdict).toEqual({ kind: 'other' });
    expect((await verdict(file, {}, 'SELECT nothing FROM things')).verdict).toEqual({ kind: 'other' });
    expect((await verdict(file, {}, "SELECT error('mine') FROM things")).verdict).toEqual({ kind: 'other' });
  });

  it('is an error that is none of DuckDB’s', async () => {
    expect(await explainScanError(session, [], new Error('bug'))).toEqual({ kind: 'other' });
  });
});
