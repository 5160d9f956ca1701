import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCases } from '../../src/commands/run-cases.ts';
import { testCommand } from '../../src/commands/test-command.ts';
import { writeFolder } from '../job/job-folder.ts';

const JOB = `name: sums
params:
  source: { type: string, default: data }
  out: { type: string, default: results }
inputs:
  orders: { path: "\${source}/orders.csv", columns: { shop: VARCHAR, amount: HUGEINT } }
sql: sums.sql
partition_by: [shop]
order_by: [amount]
output: { path: "\${out}/{shop}.FORMAT" }
`;
const SQL = 'SELECT shop, sum(amount)::HUGEINT AS amount FROM orders GROUP BY shop\n';

/** A job's folder with cases: what they expect, by file. */
function jobWith(cases: Record<string, Record<string, string>>, format = 'json'): string {
  const files: Record<string, string> = { 'job.yaml': JOB.replace('FORMAT', format), 'sums.sql': SQL };
  for (const [name, expected] of Object.entries(cases)) {
    files[`tests/${name}/orders.csv`] = 'shop,amount\na,1\na,2\nb,9007199254740993\n';
    for (const [file, text] of Object.entries(expected)) files[`tests/${name}/expected/${file}`] = text;
  }
  return writeFolder(files);
}

const signal = new AbortController().signal;
const problems = async (cases: Record<string, string>, format?: string) =>
  (await runCases(jobWith({ one: cases }, format), signal))[0]?.problems;

const A = '[{"amount": 3}]';
const B = '[{"amount":9007199254740993}]';

describe('a case', () => {
  it('passes when the JSON values are equal, whatever the spaces', async () => {
    expect(await problems({ 'a.json': A, 'b.json': B })).toEqual([]);
  });

  it('names files that are missing, too many, or differ', async () => {
    expect(await problems({ 'a.json': '[{"amount":4}]', 'c.json': '[]' })).toEqual([
      'c.json: expected, but not published',
      'b.json: published, but not expected',
      'a.json: element 0: expected {"amount":4}, got {"amount":3}',
    ]);
    expect(await problems({ 'a.json': '{}', 'b.json': B })).toEqual(['a.json: the values differ']);
    expect(await problems({ 'a.json': '[{"amount":3},{"amount":4}]', 'b.json': B })).toEqual([
      'a.json: element 1: expected {"amount":4}, got undefined',
    ]);
  });

  it('sees the last digit of numbers that JavaScript would round', async () => {
    expect(await problems({ 'a.json': A, 'b.json': B.replace('993', '992') })).toHaveLength(1);
  });

  it('compares other files byte for byte', async () => {
    expect(await problems({ 'a.csv': 'amount\n3\n', 'b.csv': 'amount\n9007199254740993\n' }, 'csv')).toEqual(
      [],
    );
    expect(await problems({ 'a.csv': 'amount\n3', 'b.csv': 'amount\n9007199254740993\n' }, 'csv')).toEqual([
      'a.csv: the bytes differ',
    ]);
  });

  it('that cannot run tells why, and the next one runs', async () => {
    const job = jobWith({ bad: {}, good: { 'a.json': A, 'b.json': B } });
    const results = await runCases(writeBroken(job), signal);
    expect(results.map(({ name, problems }) => [name, problems.length])).toEqual([
      ['bad', 1],
      ['good', 0],
    ]);
    expect(results[0]?.problems[0]).toContain('orders.csv');
  });

  it('is needed', async () => {
    const job = jobWith({});
    await expect(runCases(job, signal)).rejects.toMatchObject({
      kind: 'usage',
      message: `job ${job} has no cases; make a folder ${job}/tests/<case> with inputs and expected/`,
    });
  });
});

/** The same job, its case `bad` with text for an amount. */
function writeBroken(job: string): string {
  writeFileSync(join(job, 'tests/bad/orders.csv'), 'shop,amount\na,text\n');
  return job;
}

describe('pitwall test', () => {
  async function run(job: string, json: boolean): Promise<{ out: string; error: unknown }> {
    let out = '';
    const terminal = {
      out: (text: string | Uint8Array) => {
        out += text;
      },
      err: () => undefined,
      isScreen: false,
    };
    const error = await testCommand(job, { json }, terminal, signal).catch((thrown: unknown) => thrown);
    return { out, error };
  }

  it('prints a line for each case and fails when one does', async () => {
    const job = jobWith({ good: { 'a.json': A, 'b.json': B }, wrong: { 'a.json': A } });
    const { out, error } = await run(job, false);
    expect(out).toBe(
      'passed  good\nFAILED  wrong\n    b.json: published, but not expected\n1 passed, 1 failed\n',
    );
    expect(error).toMatchObject({ kind: 'data', message: `1 of 2 cases of ${job} failed` });
  });

  it('prints one document with --json', async () => {
    const { out, error } = await run(jobWith({ good: { 'a.json': A, 'b.json': B } }), true);
    expect([JSON.parse(out), error]).toEqual([{ cases: [{ name: 'good', problems: [] }] }, undefined]);
  });
});
