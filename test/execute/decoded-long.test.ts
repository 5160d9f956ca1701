import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Session } from '../../src/duckdb/session.ts';
import type { DecodedInputs as Inputs } from '../../src/execute/decoded-inputs.ts';
import type { PlannedInput } from '../../src/plan/plan.ts';
import { folderWith, type InputChanges, someInput } from '../plan/some-input.ts';

/** The built modules: threads run JavaScript. Not beside those of src, as koffi has one table of types for a process. */
const load = (path: string) =>
  import(/* @vite-ignore */ new URL(`../../dist/${path}.js`, import.meta.url).href);
const { openSession } = (await load('duckdb/session')) as typeof import('../../src/duckdb/session.ts');
const { localStorage } = (await load('storage/local')) as typeof import('../../src/storage/local.ts');
const { planInput } = (await load('plan/plan-input')) as typeof import('../../src/plan/plan-input.ts');
const { inputStatements } = (await load(
  'execute/scan-sql',
)) as typeof import('../../src/execute/scan-sql.ts');
const { decodedScan } = (await load(
  'execute/decoded-scan',
)) as typeof import('../../src/execute/decoded-scan.ts');
const { DecodedInputs } = (await load(
  'execute/decoded-inputs',
)) as typeof import('../../src/execute/decoded-inputs.ts');
const { DuckdbReaderNeeded } = (await load(
  'execute/scan-needs',
)) as typeof import('../../src/execute/scan-needs.ts');
const { openText } = (await load('execute/text-source')) as typeof import('../../src/execute/text-source.ts');

const THREADS = 2;
let session: Session;
let inputs: Inputs;

beforeAll(async () => {
  session = await openSession({ settings: { threads: THREADS } });
  inputs = new DecodedInputs(session, THREADS);
  session.beforeStatements((statement, sql, parameters) => inputs.prepare(statement, sql, parameters));
});
afterAll(async () => {
  await inputs.stop();
  await session.close();
  await inputs.close();
});

const ROWS = 'SELECT row_number() OVER () AS place, COLUMNS(*)::VARCHAR FROM things';

async function plan(text: string | Uint8Array, changes: InputChanges): Promise<PlannedInput> {
  const folder = await folderWith({ 'things.csv': text });
  const paths = [join(folder, '*.csv')];
  return planInput(localStorage(), session, someInput({ ...changes, paths }));
}

/** The rows that decoding gives, in their order; `undefined` where it refuses. */
async function decode(planned: PlannedInput, sql = ROWS) {
  const scan = decodedScan(planned, 0);
  if (scan === undefined) throw new Error('the input is not decoded');
  const { signal } = new AbortController();
  const nowhere = { fetched: undefined as never, scratch: '', storage: localStorage(), signal };
  const text = await openText(planned, nowhere);
  const decoded = await inputs.open(planned, { scan, text, ordered: true });
  try {
    return await inputs.settledWith(async () => {
      for (const statement of inputStatements(planned, { scan: decoded.scan }).setup)
        await session.run(statement);
      return await session.rows(sql);
    });
  } catch (error) {
    if (error instanceof DuckdbReaderNeeded) return undefined;
    throw error;
  } finally {
    await inputs.forget([decoded]);
  }
}

/** The rows that DuckDB's reader gives; its error where it has one. */
async function read(planned: PlannedInput) {
  for (const numbers of ['fast', 'exact'] as const) {
    try {
      for (const statement of inputStatements(planned, { numbers }).setup) await session.run(statement);
      return await session.rows(ROWS);
    } catch (error) {
      if (numbers === 'exact') return (error as Error).message;
    }
  }
  return undefined;
}

/** Texts of values of a type, as most files have them. */
const VALUES: Readonly<Record<string, fc.Arbitrary<string>>> = {
  TINYINT: fc.integer({ min: -128, max: 127 }).map(String),
  SMALLINT: fc.integer({ min: -32768, max: 32767 }).map(String),
  INTEGER: fc.integer({ min: -2147483648, max: 2147483647 }).map(String),
  BIGINT: fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }).map(String),
  UTINYINT: fc.integer({ min: 0, max: 255 }).map(String),
  USMALLINT: fc.integer({ min: 0, max: 65535 }).map(String),
  UINTEGER: fc.integer({ min: 0, max: 4294967295 }).map(String),
  UBIGINT: fc.bigInt({ min: 0n, max: 10n ** 15n }).map(String),
  VARCHAR: fc.string({ unit: fc.constantFrom(...'abcXYZ 0189.-äß漢🏁'), maxLength: 20 }),
  DOUBLE: fc
    .tuple(fc.integer({ min: -9999999, max: 9999999 }), fc.nat({ max: 99999 }))
    .map(([whole, rest]) => `${whole}.${rest}`),
  'DECIMAL(9,2)': fc
    .tuple(fc.integer({ min: -9999999, max: 9999999 }), fc.nat({ max: 9 }))
    .map(([whole, rest]) => `${whole}.${rest}`),
  BOOLEAN: fc.constantFrom('true', 'false', 'TRUE', 'False'),
  DATE: fc
    .date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
    .map((date) => date.toISOString().slice(0, 10)),
  TIME: fc
    .date({ min: new Date('2000-01-01'), max: new Date('2000-01-02'), noInvalidDate: true })
    .map((date) => date.toISOString().slice(11, 23)),
  TIMESTAMP: fc
    .date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
    .map((date) => date.toISOString().slice(0, 23).replace('T', ' ')),
};

const ODD = fc.constantFrom(
  ...[
    '',
    'null',
    '\\N',
    'NULL',
    ' 5',
    '5 ',
    '+5',
    '-',
    '-0',
    '-0.0',
    '007',
    '1.',
    '.5',
    '1.5',
    '1.50',
    '1e3',
    'inf',
    'nan',
  ],
  ...[
    '9007199254740993',
    '-9007199254740993',
    '12345678901234567',
    '99999999999999999999',
    '128',
    '-129',
    '256',
    '65536',
  ],
  ...[
    '2147483648',
    '-2147483649',
    '0.1234567890123456',
    '99999999.99',
    '1234567.891',
    'true',
    't',
    '1',
    'yes',
    '2024-02-30',
  ],
  ...[
    '2024-02-29',
    '2023-02-29',
    '1900-02-29',
    '0000-01-01',
    '2024-1-5',
    '24:00:00',
    '23:59:60',
    '1:02:03',
    '12:34:56.1234567',
  ],
  ...[
    '2024-05-06T07:08:09',
    '2024-05-06 07:08',
    '2024-05-06 07:08:09Z',
    '2024-05-06 07:08:09.123456',
    '"',
    '""',
    '"a',
    'a"b',
    "'",
  ],
  ...[
    '"quoted"',
    '"a""b"',
    '"null"',
    '"1"',
    '"x" ',
    '\r',
    'a\rb',
    'one,two',
    'one;two',
    '123456789012',
    '1234567890123',
  ],
  '漢字漢字漢字漢字漢字',
);

const TYPES = Object.keys(VALUES);

interface Table {
  readonly types: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly delimiter: string;
  readonly nulls: readonly string[];
  readonly lineEnd: string;
  readonly isEnded: boolean;
  readonly quote: string;
}

function table(value: (type: string) => fc.Arbitrary<string>): fc.Arbitrary<Table> {
  return fc.array(fc.constantFrom(...TYPES), { minLength: 2, maxLength: 6 }).chain((types) =>
    fc.record({
      types: fc.constant(types),
      rows: fc.array(fc.tuple(...types.map(value)), { minLength: 1, maxLength: 30 }),
      delimiter: fc.constantFrom(',', ';', '\t', '|'),
      nulls: fc.constantFrom([], [''], ['', 'null', '\\N'], ['-', '0', '5', 'true']),
      lineEnd: fc.constantFrom('\n', '\r\n'),
      isEnded: fc.boolean(),
      quote: fc.constantFrom('"', ''),
    }),
  );
}

function toText({ types, rows, delimiter, lineEnd, isEnded }: Table): string {
  const header = types.map((_, index) => `c${index}`);
  const lines = [header, ...rows].map((values) => values.join(delimiter));
  return lines.join(lineEnd) + (isEnded ? lineEnd : '');
}

async function planTable(given: Table): Promise<PlannedInput> {
  const { types, delimiter, quote, nulls } = given;
  const columns = Object.fromEntries(types.map((type, index) => [`c${index}`, type]));
  return plan(toText(given), { columns, delimiter, quote, escape: quote || '"', nulls });
}

import { vi } from 'vitest';
vi.setConfig({ testTimeout: 900000 });
describe('an input whose text is decoded', () => {
  it('has the rows that DuckDB reads, whatever its types and values', async () => {
    await fc.assert(
      fc.asyncProperty(
        table((type) =>
          fc.oneof({ weight: 3, arbitrary: VALUES[type] ?? ODD }, fc.constantFrom('null', '\\N')),
        ),
        async (given) => {
          const clean = { ...given, nulls: ['', 'null', '\\N'] };
          const planned = await planTable(clean);
          const decoded = await decode(planned);
          expect(decoded).toBeDefined();
          expect(decoded).toEqual(await read(planned));
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('is left to DuckDB wherever the two could differ', async () => {
    let [refused, compared] = [0, 0];
    await fc.assert(
      fc.asyncProperty(
        table((type) => fc.oneof({ weight: 8, arbitrary: VALUES[type] ?? ODD }, ODD)),
        async (given) => {
          const planned = await planTable(given).catch(() => undefined);
          if (planned === undefined) return;
          const decoded = await decode(planned);
          if (decoded === undefined) refused++;
          else compared++;
          if (decoded !== undefined) expect(decoded).toEqual(await read(planned));
        },
      ),
      { numRuns: 6000 },
    );
    expect(Math.min(refused, compared)).toBeGreaterThan(20);
  });
});
