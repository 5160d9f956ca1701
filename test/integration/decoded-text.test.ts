import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { pitwall, pitwallOk } from '../e2e/pitwall.ts';
import { emptyFolder, readPublished, writeFiles } from '../e2e/workspace.ts';

const LINES = 400_000;
/** From this size on threads of ours decode text. */
const DECODED_BYTES = 16 * 1024 * 1024;

const JOB = `
name: totals
inputs:
  sales:
    path: sales/*.csv
    columns: { id: BIGINT, shop: VARCHAR, day: DATE, sold: TIMESTAMP, amount: "DECIMAL(12,2)", note: VARCHAR }
    nulls: ["", "null"]
steps:
  kept: { slice: sales, sql: kept.sql, partition_by: [shop] }
  totals:
    partition: { shop: SELECT DISTINCT shop FROM kept }
    sql: totals.sql
    partition_by: [shop]
    order_by: [day]
    output: { path: "out/{shop}.json", format: json }
`;
const KEPT = 'SELECT id, shop, day, sold, amount, note FROM sales WHERE id % 3 = 0';
const TOTALS =
  'SELECT shop, day, count(*) AS n, sum(amount) AS amount, max(sold) AS latest, count(note) AS notes, max(note) AS note FROM kept GROUP BY ALL';
const HEADER = 'note,id,shop,day,sold,amount';

let lines: string[];
beforeAll(() => {
  lines = Array.from({ length: LINES }, (_, id) => {
    const day = `2024-0${1 + (id % 9)}-1${id % 7}`;
    const note = id % 5 === 0 ? '' : `"note, of ${id % 100}"`;
    return `${note},${id},shop ${id % 4},${day},${day} 0${id % 10}:00:00,${id % 1000}.${10 + (id % 90)}`;
  });
});

/** A folder with the job and its CSV; `change` gives other lines. */
async function workspace(
  change: (lines: readonly string[]) => readonly string[],
  end = '\n',
): Promise<string> {
  const cwd = await emptyFolder();
  await writeFiles(cwd, { 'job.yaml': JOB, 'kept.sql': KEPT, 'totals.sql': TOTALS });
  const text = [HEADER, ...change(lines)].join(end) + end;
  expect(text.length).toBeGreaterThan(DECODED_BYTES);
  await writeFiles(cwd, { 'sales/all.csv': text });
  return cwd;
}

/** What the job makes of the lines, in JavaScript. */
function expected(all: readonly string[]): Record<string, unknown[]> {
  const totals = new Map<string, { shop: string; day: string; n: number; cents: number; notes: number }>();
  for (const line of all) {
    const [, note, id, shop = '', day = '', , amount] =
      /^("(?:[^"]|"")*"|),(\d+),([^,]*),([^,]*),([^,]*),(.*)$/.exec(line) ?? [];
    if (Number(id) % 3 !== 0) continue;
    const known = totals.get(`${shop}|${day}`) ?? { shop, day, n: 0, cents: 0, notes: 0 };
    known.n++;
    known.cents += Math.round(Number(amount) * 100);
    known.notes += note === '' ? 0 : 1;
    totals.set(`${shop}|${day}`, known);
  }
  const rows = [...totals.values()].sort((a, b) => (a.day < b.day ? -1 : 1));
  const shops = [...new Set(rows.map(({ shop }) => shop))];
  const rowsOf = (name: string) => rows.flatMap(({ shop, ...row }) => (shop === name ? [row] : []));
  return Object.fromEntries(shops.map((name) => [`${name}.json`, rowsOf(name)]));
}

/** What the job made, in the same form. */
async function made(cwd: string): Promise<Record<string, unknown[]>> {
  const files = Object.entries(await readPublished(join(cwd, 'out')));
  return Object.fromEntries(
    files.map(([file, text]) => [
      file,
      JSON.parse(text).map(({ day, n, amount, notes }: Record<string, unknown>) => {
        return { day, n, cents: Math.round(Number(amount) * 100), notes };
      }),
    ]),
  );
}

const RUN = ['run', '.', '--quiet'];
const DIVIDED = [...RUN, '--fuse-below', '0', '--workers', '2', '--memory', '500MB'];

describe.each([
  ['fused', RUN],
  ['divided', DIVIDED],
])('large text in a %s plan', (_, command) => {
  test.each([
    ['whose lines end in LF', '\n'],
    ['whose lines end in CRLF', '\r\n'],
  ])('%s gives what is in it', async (_, end) => {
    const cwd = await workspace((all) => all, end);
    await pitwallOk(command, { cwd });
    expect(await made(cwd)).toEqual(expected(lines));
  });

  test('is decoded while it is read, and not read by DuckDB', async () => {
    const cwd = await workspace((all) => all);
    const feeds = "(SELECT count(*) FROM duckdb_views() WHERE view_name LIKE 'pitwall feed%') AS feeds";
    await writeFile(join(cwd, 'kept.sql'), `${KEPT.replace(' FROM', `, ${feeds} FROM`)}`);
    const ranges = 'min(feeds) AS fewest, max(feeds) AS most';
    await writeFile(join(cwd, 'totals.sql'), `SELECT shop, day, ${ranges} FROM kept GROUP BY ALL`);
    await pitwallOk(command, { cwd });
    const rows = Object.values(await readPublished(join(cwd, 'out'))).flatMap((text) => JSON.parse(text));
    expect(rows.length).toBeGreaterThan(0);
    for (const { fewest, most } of rows) expect([Number(fewest), Number(most)]).toEqual([1, 1]);
  });

  test('gives what is in it when a late line has quotes within quotes', async () => {
    const changed = lines.toSpliced(
      LINES - 1,
      1,
      `"a ""late"" one",999999,shop 3,2024-01-01,2024-01-01 00:00:00,1.00`,
    );
    const cwd = await workspace(() => changed);
    await pitwallOk(command, { cwd });
    expect(await made(cwd)).toEqual(expected(changed));
    expect(await readFile(join(cwd, 'out/shop 3.json'), 'utf8')).toContain('a \\"late\\" one');
  });

  test('fails at the line and column of a late bad value, and publishes nothing', async () => {
    const cwd = await workspace((all) =>
      all.toSpliced(LINES - 1, 1, ',1.5,shop 3,2024-01-01,2024-01-01 00:00:00,1.00'),
    );
    const { code, stderr } = await pitwall(command, { cwd });
    expect(stderr.trim().split('\n').at(-1)).toContain(`sales/all.csv:${LINES + 1}`);
    expect(stderr).toContain('"1.5"');
    expect(code).toBe(1);
    expect(await readPublished(cwd)).not.toHaveProperty('out/shop 3.json');
  });
});

test('large text that one statement reads twice is read right', async () => {
  const cwd = await workspace((all) => all);
  const twice = 'SELECT a.* FROM (SELECT * FROM sales) a SEMI JOIN sales b ON b.id = a.id AND a.id % 3 = 0';
  await writeFile(join(cwd, 'kept.sql'), `SELECT id, shop, day, sold, amount, note FROM (${twice})`);
  await pitwallOk(RUN, { cwd });
  expect(await made(cwd)).toEqual(expected(lines));
});

test('large text that a recursion reads is read right', async () => {
  const cwd = await workspace((all) => all);
  const rounds = `WITH RECURSIVE r(round, id) AS (
    SELECT 0, -3::BIGINT UNION ALL
    SELECT round + 1, sales.id FROM r JOIN sales ON sales.id = r.id + 3 WHERE round < 20)`;
  await writeFile(join(cwd, 'kept.sql'), `${rounds} SELECT 'all' AS shop, round, id FROM r`);
  await writeFile(join(cwd, 'totals.sql'), 'SELECT shop, 1 AS day, count(*) AS n FROM kept GROUP BY ALL');
  await pitwallOk(RUN, { cwd });
  expect(JSON.parse(await readFile(join(cwd, 'out/all.json'), 'utf8'))).toEqual([{ day: 1, n: 21 }]);
});
