import { afterAll, beforeAll, expect, it } from 'vitest';
import { showRows } from '../../src/commands/show-rows.ts';
import { openSession, type Session } from '../../src/duckdb/session.ts';

let session: Session;
beforeAll(async () => {
  session = await openSession({ settings: { threads: 1 } });
});
afterAll(() => session.close());

async function shown(sql: string, json: boolean): Promise<string> {
  let text = '';
  const out = (part: string | Uint8Array) => {
    text += typeof part === 'string' ? part : new TextDecoder().decode(part);
  };
  await showRows(await session.query(sql), json, { out, err: () => undefined, isScreen: false });
  return text;
}

const SQL = `SELECT 9007199254740993 AS big, 1.50::DECIMAL(4,2) AS price, 'nan'::DOUBLE AS "d""é", NULL AS nothing,
  'two' || chr(10) || 'lines' AS t, [1, 2] AS l, DATE '2024-07-07' AS day`;

it('rows are shown as a table, digit for digit', async () => {
  expect(await shown(SQL, false)).toBe(
    [
      'big               price  d"é  nothing  t          l      day',
      '────────────────  ─────  ───  ───────  ─────────  ─────  ──────────',
      '9007199254740993  1.50   NaN  NULL     two lines  [1,2]  2024-07-07',
      '',
    ].join('\n'),
  );
});

it('rows are shown as one JSON document', async () => {
  expect(await shown(SQL, true)).toBe(
    '[\n{"big":9007199254740993,"price":1.50,"d\\"é":"NaN","nothing":null,"t":"two\\nlines","l":[1,2],"day":"2024-07-07"}\n]\n',
  );
  expect(await shown('SELECT 1 AS a WHERE false', true)).toBe('[]\n');
});
