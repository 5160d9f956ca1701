import { readdir, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Session } from '../../src/duckdb/session.ts';
import type { DecodedInput } from '../../src/execute/decoded-input.ts';
import type { DecodedInputs as Inputs } from '../../src/execute/decoded-inputs.ts';
import type { PlannedInput } from '../../src/plan/plan.ts';
import { built } from '../built.ts';
import { folderWith, type InputChanges, someInput } from '../plan/some-input.ts';

const { openSession } = await built<typeof import('../../src/duckdb/session.ts')>('duckdb/session');
const { localStorage } = await built<typeof import('../../src/storage/local.ts')>('storage/local');
const { planInput } = await built<typeof import('../../src/plan/plan-input.ts')>('plan/plan-input');
const { inputStatements } = await built<typeof import('../../src/execute/scan-sql.ts')>('execute/scan-sql');
const { decodedScan } =
  await built<typeof import('../../src/execute/decoded-scan.ts')>('execute/decoded-scan');
const { DecodedInputs } =
  await built<typeof import('../../src/execute/decoded-inputs.ts')>('execute/decoded-inputs');
const { DuckdbReaderNeeded } =
  await built<typeof import('../../src/execute/scan-needs.ts')>('execute/scan-needs');
const { FetchedFiles } =
  await built<typeof import('../../src/execute/fetched-files.ts')>('execute/fetched-files');
const { openText, partMemories } =
  await built<typeof import('../../src/execute/text-source.ts')>('execute/text-source');

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
async function decode(planned: PlannedInput, sql = ROWS, ordered = true) {
  return decoding([planned], () => session.rows(sql), ordered);
}

/** What `use` gives of inputs that are decoded; `undefined` where one is refused. */
async function decoding<T>(planned: readonly PlannedInput[], use: () => Promise<T>, ordered = true) {
  const opened: DecodedInput[] = [];
  try {
    return await inputs.settledWith(async () => {
      for (const input of planned) {
        const decoded = await begin(input, ordered);
        opened.push(decoded);
        for (const statement of inputStatements(input, { scan: decoded.scan }).setup)
          await session.run(statement);
      }
      return await use();
    });
  } catch (error) {
    if (error instanceof DuckdbReaderNeeded) return undefined;
    throw error;
  } finally {
    await inputs.forget(opened);
  }
}

async function begin(planned: PlannedInput, ordered: boolean): Promise<DecodedInput> {
  const scan = decodedScan(planned, 0);
  if (scan === undefined) throw new Error('the input is not decoded');
  const { signal } = new AbortController();
  const nowhere = { fetched: undefined as never, memories: partMemories(), scratch: '', signal };
  const text = await openText(planned, nowhere);
  return inputs.open(planned, { scan, text, ordered });
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

/** Signs that most files have for these, and some that stand in values too. */
const USUAL = { delimiter: [',', ';', '\t', '|'], quote: ['"', ''] };
const ANY = {
  delimiter: [...USUAL.delimiter, ':', '-', 'e', '0', "'"],
  quote: [...USUAL.quote, '~', 'a', '5'],
};

function table(value: (type: string) => fc.Arbitrary<string>, signs = USUAL): fc.Arbitrary<Table> {
  return fc.array(fc.constantFrom(...TYPES), { minLength: 2, maxLength: 6 }).chain((types) =>
    fc.record({
      types: fc.constant(types),
      rows: fc.array(fc.tuple(...types.map(value)), { minLength: 1, maxLength: 30 }),
      delimiter: fc.constantFrom(...signs.delimiter),
      nulls: fc.constantFrom([], [''], ['', 'null', '\\N'], ['-', '0', '5', 'true']),
      lineEnd: fc.constantFrom('\n', '\r\n'),
      isEnded: fc.boolean(),
      quote: fc.constantFrom(...signs.quote),
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
      { numRuns: 80 },
    );
  });

  it('is left to DuckDB wherever the two could differ', async () => {
    let [refused, compared] = [0, 0];
    await fc.assert(
      fc.asyncProperty(
        table((type) => fc.oneof({ weight: 8, arbitrary: VALUES[type] ?? ODD }, ODD), ANY),
        async (given) => {
          const planned = await planTable(given).catch(() => undefined);
          if (planned === undefined || decodedScan(planned, 0) === undefined) return;
          const decoded = await decode(planned);
          if (decoded === undefined) refused++;
          else compared++;
          if (decoded !== undefined) expect(decoded).toEqual(await read(planned));
        },
      ),
      { numRuns: 250 },
    );
    expect(Math.min(refused, compared)).toBeGreaterThan(20);
  });

  it.each([
    ['nothing behind the header', 'a,b\n', {}],
    ['nothing', '', { header: false }],
    ['no header', '1,x\n2,y\n', { header: false }],
    ['a byte order mark', '\ufeffa,b\n1,x\n', {}],
    ['a byte order mark and no header', '\ufeff1,x\n', { header: false }],
    ['a last line that does not end', 'a,b\r\n1,x\r\n2,y', {}],
    ['values of NUL', 'a,b\n1,x\0y\n2,\0\n', { nulls: ['x'] }],
    ['another quote', `a,b\n1,'x,"y'\n`, { quote: "'", escape: "'" }],
    ['a column that is not declared', 'a,z,b\n1,"5,6",x\n', {}],
    ['columns in another order', 'b,a\nx,1\n', { headerMatch: 'ignore_case' }],
    ['a header in CR and lines in LF', 'a,b\r1,x\n2,y\n', {}],
    ['a header in LF and lines in CRLF', 'a,b\n1,x\r\n', {}],
    ['lines of both ends', 'a,b\n1,x\n2,y\r\n', {}],
    ['empty lines', 'a,b\n\n1,x\n\n', {}],
    ['a line with more values', 'a,b\n1,x,z\n', {}],
    ['a line with fewer values', 'a,b\n1,x\n2\n', {}],
    ['bytes that are not UTF-8', Buffer.from('a,b\n1,\xff\n', 'latin1'), {}],
    ['an open quote', 'a,b\n1,"x\n2,y\n', {}],
  ] as const)('is read as DuckDB reads it, or left to it, with %s', async (_, text, changes) => {
    const planned = await plan(text, changes as InputChanges).catch(() => undefined);
    if (planned === undefined) return;
    const decoded = await decode(planned);
    if (decoded !== undefined) expect(decoded).toEqual(await read(planned));
  });

  const SUMS = 'SELECT count(*) AS n, sum(a) AS sum, sum(hash(a, b)) AS hashes FROM things';

  it.each([
    ['more than a batch holds', Array.from({ length: 700_000 }, (_, row) => `${row % 10},`)],
    [
      'about as long as a batch',
      [1048560, 1048575, 1048576, 1048577, 1100000].map((n) => `1,${'x'.repeat(n)}`),
    ],
    [
      'of changing length',
      Array.from({ length: 300 }, (_, row) => `${row},${'xy'.repeat((row % 7) * 7000)}${row}`),
    ],
  ])('has all lines when they are %s', async (_, lines) => {
    const planned = await plan(`a,b\n${lines.join('\n')}`, {});
    for (const ordered of [true, false]) {
      const decoded = await decode(planned, SUMS, ordered);
      expect(decoded).toMatchObject([{ n: BigInt(lines.length) }]);
      for (const statement of inputStatements(planned, {}).setup) await session.run(statement);
      expect(decoded).toEqual(await session.rows(SUMS));
    }
  });

  it('is left to DuckDB with a line that is longer than a batch', async () => {
    expect(await decode(await plan(`a,b\n1,${'x'.repeat(1_200_000)}\n`, {}))).toBeUndefined();
  });

  it('is left to DuckDB when its file has shrunk', async () => {
    const planned = await plan(`a,b\n${'1,x\n'.repeat(1000)}`, {});
    await truncate(planned.files[0]?.path ?? '', 2000);
    expect(await decode(planned)).toBeUndefined();
  });

  it('is left to DuckDB when its file is gone, and others are decoded on', async () => {
    const planned = await plan('a,b\n1,x\n', {});
    const files = planned.files.map((file) => ({ ...file, path: '/nowhere.csv' }));
    expect(await decode({ ...planned, files })).toBeUndefined();
    expect(await decode(planned)).toHaveLength(1);
  });
});

describe('decoded text of many lines', () => {
  const LINES = Array.from({ length: 200_000 }, (_, row) => `${row},text number ${row}`);
  let planned: PlannedInput;
  let other: PlannedInput;
  beforeAll(async () => {
    planned = await plan(`a,b\n${LINES.join('\n')}\n`, {});
    other = { ...planned, name: 'others' };
  });

  it.each([
    ['twice in one statement', 'SELECT count(*) AS n FROM things x JOIN things y USING (a)'],
    [
      'twice without its columns',
      'SELECT (SELECT count(*) FROM things) + (SELECT count(*) FROM things) AS n',
    ],
    [
      'once a round of a recursion',
      `WITH RECURSIVE r(k) AS (SELECT 0::BIGINT UNION ALL SELECT a FROM r JOIN things ON a = k + 1 WHERE k < 10)
       SELECT count(*) AS n FROM r`,
    ],
    [
      'once a round of a recursion by keys',
      `WITH RECURSIVE r(k, v) USING KEY (k) AS (SELECT 0::BIGINT, 0::BIGINT UNION SELECT a, a FROM r JOIN things ON a = k + 1 WHERE k < 10)
       SELECT count(*) AS n FROM r`,
    ],
  ])('is left to DuckDB when it is read %s', async (_, sql) => {
    expect(await decode(planned, sql)).toBeUndefined();
  });

  it('is left to DuckDB when a second statement reads it, also behind a first that read a part', async () => {
    for (const first of ['SELECT count(*) FROM things', 'SELECT * FROM things LIMIT 3']) {
      const reads = async () => {
        await session.rows(first);
        return await session.rows('SELECT count(*) AS n FROM things');
      };
      expect(await decoding([planned], reads)).toBeUndefined();
    }
  });

  it.each([
    ['LIMIT', 'SELECT a FROM things LIMIT 3', 3],
    ['ORDER BY', 'SELECT a FROM things ORDER BY a DESC LIMIT 2', 2],
    [
      'a CTE that is read twice',
      'WITH t AS MATERIALIZED (FROM things) SELECT x.a FROM t x JOIN t y USING (a)',
      200_000,
    ],
    ['LATERAL', 'SELECT a FROM range(3) r(i), LATERAL (SELECT a FROM things WHERE a % 3 = i)', 200_000],
    ['conditions', 'SELECT a FROM things WHERE a < 10 AND b IS NOT NULL', 10],
  ])('is read right by a statement with %s', async (_, sql, rows) => {
    expect(await decode(planned, sql)).toHaveLength(rows);
  });

  it('is read beside other decoded text in one statement', async () => {
    const sql = 'SELECT count(*) AS n, sum(x.a) AS sum FROM things x JOIN others y USING (a)';
    const rows = await decoding([planned, other], () => session.rows(sql), false);
    expect(rows).toEqual([{ n: 200_000n, sum: expect.anything() }]);
  });

  it('tells the error of a statement that fails while it reads', async () => {
    const failing = decode(
      planned,
      `SELECT CASE WHEN a = 150000 THEN error('a row too many') END AS e FROM things`,
    );
    await expect(failing).rejects.toThrow('a row too many');
  });

  it('is left to DuckDB where the error of a stream is hidden by an interruption', async () => {
    const { QueryError } = await built<typeof import('../../src/duckdb/session.ts')>('duckdb/session');
    const masked = async () => {
      await session.rows('SELECT count(*) FROM things');
      throw new QueryError('interrupted', 'Interrupted!', INTERRUPTION);
    };
    expect(await decoding([planned], masked)).toBeUndefined();
    const asked = async () => {
      await session.rows('SELECT count(*) FROM things');
      inputs.interrupt();
      throw new QueryError('interrupted', 'Interrupted!', INTERRUPTION);
    };
    await expect(decoding([planned], asked)).rejects.toMatchObject({ kind: 'interrupted' });
  });

  it('lets a statement end that waits for it when it is interrupted', async () => {
    const { ranges } = await openLocal(planned);
    const waiting = { ranges, begin: never, drop: () => undefined, arrived: none, close: none };
    const scan = decodedScan(planned, 0);
    if (scan === undefined) throw new Error('the input is not decoded');
    const decoded = await inputs.open(planned, { scan, text: waiting, ordered: false });
    for (const statement of inputStatements(planned, { scan: decoded.scan }).setup)
      await session.run(statement);
    const counting = session.rows('SELECT count(*) FROM things');
    session.interrupt();
    inputs.interrupt();
    await expect(counting).rejects.toThrow();
    await inputs.forget([decoded]);
  });

  describe('of an object that is larger than the memory for its text', () => {
    const LINE = `1,${'x'.repeat(97)}\n`;

    /** An input of 90 MB, at a distance, of which the line at `odd` is one that only DuckDB reads. */
    async function far(odd?: number) {
      const lines = Buffer.alloc(LINE.length * 900_000, LINE);
      if (odd !== undefined) lines.write('a\rb', odd * LINE.length);
      const columns = { id: 'BIGINT', text: 'VARCHAR' };
      const local = await plan(Buffer.concat([Buffer.from('id,text\n'), lines]), { columns });
      const files = local.files.map((file) => ({ ...file, url: `far://${file.url}` }));
      const near = localStorage();
      const storage = {
        ...near,
        readInto: (url: string, ...rest: [Uint8Array, { start: number }]) =>
          near.readInto(url.replace('far://', ''), ...rest),
      };
      const fetched = new FetchedFiles({ storage, folder: '/nowhere' });
      return { planned: { ...local, files }, fetched };
    }

    async function withFar<T>(odd: number | undefined, use: () => Promise<T>): Promise<T> {
      const { planned: input, fetched } = await far(odd);
      const scan = decodedScan(input, 0);
      if (scan === undefined) throw new Error('the input is not decoded');
      const sources = {
        fetched,
        memories: partMemories(),
        scratch: '',
        signal: new AbortController().signal,
      };
      const text = await openText(input, sources);
      const decoded = await inputs.open(input, { scan, text, ordered: false });
      try {
        for (const statement of inputStatements(input, { scan: decoded.scan }).setup)
          await session.run(statement);
        return await inputs.settledWith(use);
      } finally {
        await inputs.forget([decoded]);
      }
    }

    it('reads all of it', async () => {
      const sum = 'SELECT count(*) AS n, min(text) = max(text) AS alike FROM things';
      expect(await withFar(undefined, () => session.rows(sum))).toEqual([{ n: 900_000n, alike: true }]);
    });

    it('ends where a statement needs its first rows alone, or another one does not read it', async () => {
      expect(await withFar(undefined, () => session.rows('SELECT * FROM things LIMIT 1'))).toHaveLength(1);
      expect(await withFar(undefined, () => session.rows('SELECT 1 AS one'))).toEqual([{ one: 1 }]);
    });

    it('ends where its text is refused, at its start or at its end', async () => {
      for (const odd of [1, 899_000]) {
        const counting = withFar(odd, () => session.rows('SELECT count(*) FROM things'));
        await expect(counting).rejects.toThrow(DuckdbReaderNeeded);
      }
    });
  });

  it('leaves no thread, view or batch behind, however often it is read', async () => {
    const threads = async () => (await readdir('/proc/self/task').catch(() => [])).length;
    const views = () =>
      session.rows(`SELECT view_name FROM duckdb_views() WHERE view_name LIKE 'pitwall feed%'`);
    for (let round = 0; round < 3; round++) await decode(planned, 'SELECT count(*) AS n FROM things', false);
    const before = await threads();
    for (let round = 0; round < 20; round++)
      expect(await decode(planned, 'SELECT count(*) AS n FROM things', false)).toEqual([{ n: 200_000n }]);
    expect(await threads()).toBeLessThanOrEqual(before);
    expect(await views()).toEqual([]);
  });

  it('lets its session be closed while a statement reads it', async () => {
    const own = await openSession({ settings: { threads: THREADS } });
    const ownInputs = new DecodedInputs(own, THREADS);
    const scan = decodedScan(planned, 0);
    if (scan === undefined) throw new Error('the input is not decoded');
    const text = await openLocal(planned);
    const decoded = await ownInputs.open(planned, { scan, text, ordered: false });
    for (const statement of inputStatements(planned, { scan: decoded.scan }).setup) await own.run(statement);
    const reading = own.rows('SELECT count(*) FROM things, range(1000) r(i)').catch(() => undefined);
    await ownInputs.stop();
    own.interrupt();
    await own.close();
    await ownInputs.close();
    await reading;
  });
});

async function openLocal(planned: PlannedInput) {
  const { signal } = new AbortController();
  return openText(planned, { fetched: undefined as never, memories: partMemories(), scratch: '', signal });
}

const INTERRUPTION = {
  ...{ duckdbType: 'Interrupt', sql: 'SELECT 1', offset: undefined, hint: undefined, detail: 'Interrupted!' },
};
const never = () => new Promise<void>(() => undefined);
const none = async () => undefined;
