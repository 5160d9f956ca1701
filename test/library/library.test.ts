import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeJson, openSession, PitwallError, planJob, type RunEvent, runJob, validateJob } from 'pitwall';
import { expect, onTestFinished, test } from 'vitest';

/** A folder with a job `people` under `sql/`, as a user has one. */
async function userFolder(): Promise<string> {
  const cwd = await mkdtemp(join(tmpdir(), 'pitwall-library-'));
  onTestFinished(() => rm(cwd, { recursive: true }));
  const job = join(cwd, 'sql/people');
  await mkdir(job, { recursive: true });
  await writeFile(join(job, 'job.yaml'), JOB);
  await writeFile(
    join(job, 'people.sql'),
    'SELECT country, town, people FROM towns WHERE people >= $least\n',
  );
  await writeFile(
    join(cwd, 'towns.csv'),
    'town,country,people\nOslo,Norway,717710\nRome,Italy,2746984\nPisa,Italy,89828\n',
  );
  return cwd;
}

const JOB = `
params:
  least: { type: integer, default: 0 }
inputs:
  towns: { path: ../../towns.csv, columns: { town: VARCHAR, country: VARCHAR, people: BIGINT } }
sql: people.sql
partition_by: [country]
order_by: [people desc]
output: { path: "out/{country}.json" }
`;

test('runJob publishes a job and gives its summary', async () => {
  const cwd = await userFolder();
  const events: RunEvent[] = [];
  const result = await runJob('people', {
    cwd,
    set: { least: '500000' },
    onEvent: (event) => events.push(event),
  });
  expect(result.outputs.map(({ path, rows }) => [path, rows])).toEqual([
    [join(cwd, 'out/Italy.json'), 1],
    [join(cwd, 'out/Norway.json'), 1],
  ]);
  expect(await readFile(join(cwd, 'out/Italy.json'), 'utf8')).toBe(
    '[\n{"town":"Rome","people":2746984}\n]\n',
  );
  expect(events.at(0)).toEqual({ kind: 'started', runId: result.run_id, job: 'people' });
  expect(events.at(-1)).toEqual({ kind: 'published', result });
});

test('runJob narrows a run to partitions', async () => {
  const cwd = await userFolder();
  const { outputs } = await runJob('people', { cwd, only: { country: ['Norway'] } });
  expect(outputs.map(({ path }) => path)).toEqual([join(cwd, 'out/Norway.json')]);
});

test('runJob ends with an interruption that names the reason of its signal, and publishes nothing', async () => {
  const cwd = await userFolder();
  const reason = new Error('enough');
  const run = runJob('people', { cwd, signal: AbortSignal.abort(reason) });
  await expect(run).rejects.toMatchObject({ kind: 'interrupted', cause: reason });
  await expect(readFile(join(cwd, 'out/Italy.json'))).rejects.toThrow('ENOENT');
});

test('planJob gives a plan as data, the same each time', async () => {
  const cwd = await userFolder();
  const planned = await planJob('people', { cwd });
  expect(planned).toEqual(await planJob('people', { cwd }));
  const { plan, steps } = planned;
  expect(JSON.parse(JSON.stringify(plan.inputs))).toEqual(plan.inputs);
  expect(steps.map(({ id, tasks }) => [id, tasks.length])).toEqual([['fused', 1]]);
  expect(plan.inputs.flatMap(({ files }) => files.map(({ url }) => url))).toEqual([join(cwd, 'towns.csv')]);
});

test('a mistake of the user is a PitwallError with its kind, its place and one line', async () => {
  const cwd = await userFolder();
  const error = await runJob('people', { cwd, set: { least: 'many' } }).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(PitwallError);
  expect(error).toMatchObject({ kind: 'usage', exitCode: 2 });
  expect(String(error)).toBe(
    '--set least: param "least" is of type integer: expected an integer of 64 bits, got "many"',
  );
});

test('validateJob lists what is wrong with a job', async () => {
  const cwd = await userFolder();
  await writeFile(join(cwd, 'sql/people/people.sql'), 'SELECT country, twon FROM towns\n');
  const [first] = await validateJob('people', { cwd });
  expect(first).toMatchObject({
    severity: 'error',
    place: { file: 'sql/people/people.sql', line: 1, column: 17 },
  });
});

test('openSession and encodeJson make JSON of a query', async () => {
  const session = await openSession({ settings: { threads: 1 } });
  const rows = await session.query(
    "SELECT $name AS name, 1180591620717411303424::HUGEINT AS big, DATE '2024-07-07' AS day",
    { name: 'é' },
  );
  const json = new TextDecoder().decode(await encodeJson(rows));
  await session.close();
  expect(json).toBe('[\n{"name":"é","big":1180591620717411303424,"day":"2024-07-07"}\n]\n');
});

test('encodeJson makes an empty array of no rows', async () => {
  const session = await openSession();
  const rows = await session.query('SELECT 1 AS one WHERE false', {}, { stream: true });
  expect(new TextDecoder().decode(await encodeJson(rows, { schema: rows.schema }))).toBe('[]\n');
  await session.close();
});
