import { describe, expect, it } from 'vitest';
import { decodedScan, feedScanSql } from '../../src/execute/decoded-scan.ts';
import type { Column } from '../../src/job/job.ts';
import type { PlannedFile, PlannedInput } from '../../src/plan/plan.ts';
import { type InputChanges, someInput } from '../plan/some-input.ts';

const LARGE = 20 * 1024 * 1024;
const COLUMNS: readonly Column[] = [
  { name: 'a', type: 'BIGINT' },
  { name: 'b', type: 'VARCHAR' },
];

interface Changes {
  readonly input?: InputChanges;
  readonly file?: Partial<PlannedFile>;
  readonly plan?: Partial<PlannedInput>;
}

/** A large file of the columns b, a third one and a. */
function planned({ input = {}, file = {}, plan = {} }: Changes = {}): PlannedInput {
  const whole: PlannedFile = {
    ...{ url: '/data/a.csv', path: '/data/a.csv', sizeBytes: LARGE, etag: 'e', compression: 'none' },
    ...{ layout: 0, pathValues: [], rows: undefined, bodyStart: 10, ...file },
  };
  const layouts = [[{ column: 'b' }, { column: undefined }, { column: 'a' }]];
  const pruned = { files: 0, bytes: 0 };
  const made = { name: 'things', input: someInput(input), columns: COLUMNS, layouts, files: [whole], pruned };
  return { ...made, ...plan } as PlannedInput;
}

const [FILE] = planned().files as [PlannedFile];
const HALF = LARGE / 2;

describe('an input', () => {
  it('is decoded when it is large plain text of known types', () => {
    const scan = decodedScan(planned());
    expect(scan?.columns.map(({ kind }) => kind)).toEqual(['text', 'skipped', 'int64']);
    expect(scan?.dialect).toEqual({ delimiter: ',', quote: '"', nulls: [''] });
  });

  it.each<[string, Changes]>([
    ['lies in an object store', { file: { url: 's3://bucket/a.csv' } }],
    ['is a part', { file: { part: { kind: 'bytes', start: 100, end: 100 + LARGE } } }],
    [
      'has several files that are large together',
      { plan: { files: [1, 2].map((n) => ({ ...FILE, path: `${n}`, sizeBytes: HALF })) } },
    ],
    ['has no header', { input: { header: false } }],
    ['numbers its rows', { input: { rowNumber: 'row' } }],
    ['has no quotes', { input: { quote: '', escape: '"' } }],
  ])('is decoded when it %s', (_, changes) => {
    expect(decodedScan(planned(changes))).toBeDefined();
  });

  it.each<[string, Changes]>([
    ['is small', { file: { sizeBytes: 1000 } }],
    ['has no files', { plan: { files: [] } }],
    ['is compressed', { file: { compression: 'gzip' } }],
    ['has a header whose end is not known', { file: { bodyStart: undefined as never } }],
    ['is no CSV', { input: { format: 'ndjson' } }],
    ['is of another encoding', { input: { encoding: 'latin-1' } }],
    ['has decimals with a comma', { input: { decimal: ',', delimiter: ';' } }],
    ['has thousands', { input: { thousands: ' ' } }],
    ['has a format of dates', { input: { dateFormat: '%d.%m.%Y' } }],
    ['has a format of timestamps', { input: { timestampFormat: '%c' } }],
    ['has another escape than its quote', { input: { escape: '\\' } }],
    ['has values with line breaks', { input: { newlinesInValues: true } }],
    ['has columns of its paths', { input: { pathColumns: ['year'] } }],
    ['has a dialect that only DuckDB reads', { input: { delimiter: '§' } }],
    ['has a type that only DuckDB reads', { plan: { columns: [{ name: 'a', type: 'HUGEINT' }] } }],
    ['has one column', { plan: { layouts: [[{ column: 'a' }]] } }],
    ['has very many columns', { plan: { layouts: [new Array(600).fill({ column: undefined })] } }],
    ['has files of several layouts', { plan: { files: [FILE, { ...FILE, path: 'b', layout: 1 }] } }],
    ['has a compressed file among others', { plan: { files: [FILE, { ...FILE, compression: 'gzip' }] } }],
  ])('is left to DuckDB when it %s', (_, changes) => {
    expect(decodedScan(planned(changes))).toBeUndefined();
  });

  it('has a size from which it is decoded', () => {
    expect(decodedScan(planned({ file: { sizeBytes: 100 } }), 100)).toBeDefined();
    expect(decodedScan(planned({ file: { sizeBytes: 99 } }), 100)).toBeUndefined();
  });
});

describe('the SELECT over a feed', () => {
  it('has the declared columns by their place in the text, and a row count for the optimizer', () => {
    expect(feedScanSql(planned({ file: { sizeBytes: 2400 } }), 'the "view"', 'feed0')).toBe(
      'SELECT "feed0".c2 AS "a", "feed0".c0 AS "b" FROM "the ""view""" UNION ALL ' +
        '(SELECT CAST(NULL AS BIGINT) AS "a", CAST(NULL AS VARCHAR) AS "b" FROM range(100) LIMIT (SELECT 0))',
    );
  });
});
