import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSession, type Session } from '../../src/duckdb/session.ts';
import { inputStatements } from '../../src/execute/scan-sql.ts';
import { planInput } from '../../src/plan/plan-input.ts';
import { localStorage } from '../../src/storage/local.ts';
import { folderWith, someInput } from '../plan/some-input.ts';

let session: Session;
beforeAll(async () => {
  session = await openSession();
});
afterAll(() => session.close());

/** The texts of the DECIMALs that these values of JSON are. */
async function decimals(type: string, values: readonly string[]): Promise<unknown[]> {
  const folder = await folderWith({ 'a.ndjson': values.map((value) => `{"n":${value}}`).join('\n') });
  const input = someInput({ format: 'ndjson', columns: { n: type }, paths: [join(folder, '*')] });
  const planned = await planInput(localStorage(), session, input);
  for (const statement of inputStatements(planned).setup) await session.run(statement);
  return (await session.rows('SELECT n::VARCHAR AS n FROM things')).map(({ n }) => n);
}

describe('a DECIMAL in JSON', () => {
  it('is what is written, in quotes or of up to 15 digits', async () => {
    const values = [
      '0.1',
      '-123456789012.345',
      '1e2',
      '"12345678901234567.89"',
      '12345678901234567890123',
      'null',
    ];
    expect(await decimals('DECIMAL(38,10)', values)).toEqual([
      '0.1000000000',
      '-123456789012.3450000000',
      '100.0000000000',
      '12345678901234567.8900000000',
      '12345678901234567890123.0000000000',
      null,
    ]);
  });

  it('is rounded half away from zero, as its text is', async () => {
    expect(await decimals('DECIMAL(18,2)', ['1.005', '1.015', '-1.005', '1.255'])).toEqual([
      '1.01',
      '1.02',
      '-1.01',
      '1.26',
    ]);
  });
});
