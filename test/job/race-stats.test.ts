import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { openSession, type Session } from '../../src/duckdb/session.ts';
import { quoteLiteral } from '../../src/duckdb/sql.ts';
import { checkJob } from '../../src/job/check-job.ts';
import type { Input, Job } from '../../src/job/job.ts';
import { loadJobOrThrow } from '../../src/job/load-job.ts';

const FOLDER = fileURLToPath(new URL('../../sql/race_stats', import.meta.url));

test('race_stats has no mistakes and warns of nothing', async () => {
  const { columns, diagnostics } = await checkJob(FOLDER);
  expect(diagnostics).toEqual([]);
  expect(columns.get('stats')).toEqual([
    { name: 'year', type: 'INTEGER' },
    { name: 'source_row', type: 'BIGINT' },
    { name: 'Race Name', type: 'VARCHAR' },
    { name: 'Race Round', type: 'INTEGER' },
    { name: 'Race Datetime', type: 'TIMESTAMP' },
    { name: 'Race Winning driverId', type: 'BIGINT' },
    { name: 'Race Fastest Lap', type: 'VARCHAR' },
  ]);
});

describe('the SQL of race_stats is right for', () => {
  test.each(readdirSync(join(FOLDER, 'tests')))('%s', async (name) => {
    const folder = join(FOLDER, 'tests', name);
    expect(await runSql(await loadJobOrThrow(FOLDER), folder)).toEqual(
      readExpected(join(folder, 'expected')),
    );
  });
});

/** Runs the steps by DuckDB's own CSV reader and JSON, so that only the SQL is under test. */
async function runSql(job: Job, folder: string): Promise<Record<string, unknown>> {
  const session = await openSession();
  for (const input of job.inputs) await loadCsv(input, folder, session);
  for (const { name, sql } of job.steps) await session.run(`CREATE TABLE ${name} AS ${sql}`);
  const violations = job.checks.flatMap((check) => (check.kind === 'sql' ? [session.rows(check.sql)] : []));
  expect(await Promise.all(violations)).toEqual([[]]);
  const rows = await session.rows(`
    SELECT year, to_json(list(json_object('Race Name', "Race Name", 'Race Round', "Race Round",
      'Race Datetime', strftime("Race Datetime", '%Y-%m-%dT%H:%M:%S.%g'),
      'Race Winning driverId', "Race Winning driverId", 'Race Fastest Lap', "Race Fastest Lap") ORDER BY source_row))::VARCHAR AS races
    FROM stats GROUP BY year`);
  await session.close();
  return Object.fromEntries(rows.map(({ year, races }) => [`stats_${year}.json`, JSON.parse(String(races))]));
}

async function loadCsv(
  { name, columns, nulls, rowNumber }: Input,
  folder: string,
  session: Session,
): Promise<void> {
  const types = columns
    .map((column) => `${quoteLiteral(column.name)}: ${quoteLiteral(column.type)}`)
    .join(', ');
  const added = rowNumber === undefined ? '' : `, row_number() OVER () AS ${rowNumber}`;
  const file = quoteLiteral(join(folder, `${name}.csv`));
  const nullTexts = nulls.map(quoteLiteral).join(', ');
  await session.run(
    `CREATE TABLE ${name} AS SELECT *${added} FROM read_csv(${file}, header = true, columns = {${types}}, nullstr = [${nullTexts}])`,
  );
}

function readExpected(folder: string): Record<string, unknown> {
  const names = readdirSync(folder);
  return Object.fromEntries(
    names.map((name) => [name, JSON.parse(readFileSync(join(folder, name), 'utf8'))]),
  );
}
