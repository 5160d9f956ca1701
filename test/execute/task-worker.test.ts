import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { appendFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PitwallError } from '../../src/error.ts';
import { writeFolder } from '../job/job-folder.ts';
import { parquetFolder } from './parquet-folder.ts';
import { openRig, runFolderJob } from './run-rig.ts';

const YAML = `name: races
inputs:
  races: { path: races.csv, columns: { raceId: INTEGER, year: INTEGER, name: VARCHAR }, row_number: place }
  results: { path: "results*.csv", columns: { resultId: BIGINT, raceId: INTEGER, driver: VARCHAR, position: INTEGER } }
steps:
  winners:
    slice: results
    sql: winners.sql
    partition_by: [year]
  stats:
    partition: { year: SELECT DISTINCT year FROM races }
    sql: stats.sql
    partition_by: [year]
    order_by: [place]
    output: { path: "results/{year}.json", omit: [place] }
  totals:
    sql: totals.sql
    order_by: [driver]
    output: { path: results/totals.csv, format: csv }
checks:
  - { input: races, unique: [raceId] }
  - { step: winners, unique: [raceId], severity: warn }
`;

const HEADER = 'resultId,raceId,driver,position';

function someResults(races: number, drivers: number): string[] {
  return Array.from({ length: races * drivers }, (_, id) => {
    const [race, driver] = [Math.floor(id / drivers), id % drivers];
    return `${id},${race},d${(race * 7 + driver) % 11},${((driver + race) % drivers) + 1}`;
  });
}

function someRaces(races = 30, drivers = 6): Record<string, string> {
  const rows = someResults(races, drivers);
  const third = Math.floor(rows.length / 3);
  const years = Array.from({ length: races }, (_, race) => `${race},${2000 + (race % 7)},race ${race}`);
  return {
    'job.yaml': YAML,
    'winners.sql':
      'SELECT r.year, r.raceId, s.driver FROM results s JOIN races r USING (raceId) WHERE s.position = 1',
    'stats.sql':
      'SELECT r.year, r.place, r.name, w.driver FROM races r LEFT JOIN winners w ON w.raceId = r.raceId',
    'totals.sql': 'SELECT driver, count(*) AS wins FROM winners GROUP BY driver',
    'races.csv': `raceId,year,name\n${years.join('\n')}\n`,
    'results1.csv': `${[HEADER, ...rows.slice(0, third)].join('\n')}\n`,
    'results2.csv': `\uFEFF${[HEADER, ...rows.slice(third)].join('\r\n')}`,
  };
}

/** An input without steps of its own, sliced, and written by shop. */
const SHOPS = `name: shops
inputs:
  orders: { path: orders.csv, columns: { id: BIGINT, shop: VARCHAR, amount: INTEGER } }
steps:
  rows:
    slice: orders
    sql: rows.sql
    partition_by: [shop]
    order_by: [amount]
    output: { path: "results/{shop}.json" }
`;

function someShops(rows = 40): Record<string, string> {
  const orders = Array.from({ length: rows }, (_, id) => `${id},s${(id * 7) % 5},${id % 3}`);
  return {
    'job.yaml': SHOPS,
    'rows.sql': 'SELECT shop, amount, id FROM orders',
    'orders.csv': `id,shop,amount\n${orders.join('\n')}\n`,
  };
}

describe('a task worker', () => {
  it('gives from slices and partitions of any size the bytes of the fused plan', async () => {
    const cwd = writeFolder(someRaces());
    const fused = await runFolderJob(cwd, { targetBytes: 'fused' });
    expect(Object.keys(fused)).toHaveLength(8);
    for (const targetBytes of [200, 1500, 1e6])
      expect(await runFolderJob(cwd, { targetBytes })).toEqual(fused);
  });

  it('runs each check of a divided plan as a task of its own', async () => {
    const rig = await openRig(writeFolder(someRaces()), { targetBytes: 400 });
    const records = await rig.runAll();
    expect(records.get('winners')?.length).toBeGreaterThan(3);
    const checks = records.get('checks')?.map((record) => record.checks);
    expect(checks?.toSorted((a, b) => (String(a[0]?.name) < String(b[0]?.name) ? -1 : 1))).toEqual([
      [{ name: 'races: unique(raceId)', severity: 'error', violations: 0, examples: [] }],
      [{ name: 'winners: unique(raceId)', severity: 'warn', violations: 0, examples: [] }],
    ]);
  });

  it('writes the outputs of a sliced step from what its slices kept, ties and all', async () => {
    const cwd = writeFolder(someShops());
    const fused = await runFolderJob(cwd, { targetBytes: 'fused' });
    const rig = await openRig(cwd, { targetBytes: 100 });
    const records = await rig.runAll();
    expect(records.get('rows')?.flatMap(({ outputs }) => outputs)).toEqual([]);
    expect(await runFolderJob(cwd, { targetBytes: 100 })).toEqual(fused);
  });

  it('tells of each output the unit of its partition', async () => {
    const rig = await openRig(writeFolder(someShops()), { targetBytes: 1e6 });
    await rig.runStep('rows');
    const { tasks } = await rig.planStep('rows.write');
    const { record } = await rig.runTask('rows.write', 0);
    const units = tasks[0]?.units.map(({ partition, fingerprint }) => [partition, fingerprint]);
    expect(record.outputs.map(({ partition, unit }) => [partition, unit])).toEqual(units);
  });

  it('leaves outputs and rows in the folder of the attempt, and nothing in its scratch', async () => {
    const rig = await openRig(writeFolder(someShops()));
    await rig.planStep('rows');
    const { record } = await rig.runTask('rows', 0);
    const attempt = rig.folder.attempt('rows', 0, record.attempt);
    expect(record.files).toEqual([
      {
        url: `${attempt}/rows.parquet`,
        rows: record.rows,
        bytes: expect.any(Number),
        fingerprint: record.fingerprint,
      },
    ]);
    expect(await readdir(attempt)).toEqual(['rows.parquet']);
    const left = await readdir(`${rig.folder.scratch}/worker-0`);
    expect(left.filter((name) => name !== 'spill')).toEqual([]);
  });

  it('gives the first attempt of a task, whatever a second one makes', async () => {
    const rig = await openRig(writeFolder(someShops()));
    await rig.planStep('rows');
    const first = await rig.runTask('rows', 0);
    expect(first.kind).toBe('committed');
    expect(await rig.runTask('rows', 0)).toEqual({ kind: 'superseded', record: first.record });
  });

  it('is free for the next task when one is made, before its record is written', async () => {
    const rig = await openRig(writeFolder(someShops()), { targetBytes: 100 });
    const { tasks } = await rig.planStep('rows');
    const stored: boolean[] = [];
    const onMade = () => stored.push(existsSync(rig.folder.records('rows')));
    const outcomes = await Promise.all(tasks.map(({ index }) => rig.runTask('rows', index, { onMade })));
    expect(outcomes.map(({ record }) => record.index)).toEqual(tasks.map(({ index }) => index));
    expect(stored).toHaveLength(tasks.length);
    expect(stored[0]).toBe(false);
  });

  it('says which step there is when it is asked for another', async () => {
    const rig = await openRig(writeFolder(someShops()));
    await expect(rig.runTask('row', 0)).rejects.toMatchObject({
      kind: 'usage',
      message: 'the run has no step row; it has rows, rows.write',
    });
  });
});

describe('what a task reads', () => {
  const HIVE = `name: hive
inputs:
  sales: { path: "sales/year=*/*.csv", columns: { id: BIGINT, year: INTEGER, amount: INTEGER } }
steps:
  big:
    partition: [year]
    sql: big.sql
    partition_by: [year]
  sums:
    partition: [year]
    sql: sums.sql
    partition_by: [year]
    order_by: [amount]
    output: { path: "results/{year}.json" }
`;
  const files = {
    'job.yaml': HIVE,
    'big.sql': 'SELECT year, id, amount FROM sales WHERE amount > 1',
    'sums.sql': 'SELECT year, sum(amount)::INTEGER AS amount, count(*) AS n FROM big GROUP BY year',
    'sales/year=2020/a.csv': 'id,amount\n1,1\n2,2\n',
    'sales/year=02020/b.csv': 'id,amount\n3,3\n',
    'sales/year=2021/a.csv': 'id,amount\n4,1\n',
    'sales/year=2022/a.csv': 'id,amount\n5,5\n',
  };

  it('is narrowed to its partitions, in the paths of inputs and in the rows of earlier steps', async () => {
    const cwd = writeFolder(files);
    const fused = await runFolderJob(cwd, { targetBytes: 'fused' });
    expect(fused).toEqual({
      '2020.json': '[\n{"amount":5,"n":2}\n]\n',
      '2021.json': '[]\n',
      '2022.json': '[\n{"amount":5,"n":1}\n]\n',
    });
    expect(await runFolderJob(cwd)).toEqual(fused);
    const rig = await openRig(cwd);
    const { tasks } = await rig.planStep('big');
    expect(tasks.map((task) => task.files.sales?.length).sort()).toEqual([1, 1, 2]);
  });

  it('does not hold partitions that --only leaves out, where all that reads them goes by the column', async () => {
    const cwd = writeFolder(files);
    expect(Object.keys(await runFolderJob(cwd, { only: { year: ['2022'] } }))).toEqual(['2022.json']);
    const rig = await openRig(cwd, { only: { year: ['2022'] } });
    expect(
      (await rig.planStep('big')).tasks.flatMap(({ units }) => units.map((unit) => unit.partition)),
    ).toEqual([{ year: '2022' }]);
  });

  it('holds all partitions of a step that is read whole, though --only publishes some', async () => {
    const cwd = writeFolder({
      ...files,
      'job.yaml': `${HIVE}  all:\n    sql: all.sql\n    output: { path: results/all.json }\n`,
      'all.sql': 'SELECT count(*) AS n FROM sums',
    });
    const only = { year: ['2022'] };
    const fused = await runFolderJob(cwd, { targetBytes: 'fused', only });
    expect(fused).toEqual({ '2022.json': expect.anything(), 'all.json': '[\n{"n":2}\n]\n' });
    expect(await runFolderJob(cwd, { only })).toEqual(fused);
  });

  it('drops rows of other partitions, for those who read the step too', async () => {
    const cwd = writeFolder({
      'job.yaml': `name: j
inputs:
  t: { path: t.csv, columns: { k: VARCHAR } }
steps:
  parts:
    partition: { k: "SELECT unnest(['a', 'c'])" }
    sql: parts.sql
    partition_by: [k]
    output: { path: "results/{k}.json", keep_partition_columns: true }
  count:
    sql: count.sql
    output: { path: results/count.json }
`,
      'parts.sql': 'SELECT k FROM t',
      'count.sql': 'SELECT count(*) AS n FROM parts',
      't.csv': 'k\na\nb\na\n',
    });
    const expected = {
      'a.json': '[\n{"k":"a"},\n{"k":"a"}\n]\n',
      'c.json': '[]\n',
      'count.json': '[\n{"n":2}\n]\n',
    };
    expect(await runFolderJob(cwd, { targetBytes: 'fused' })).toEqual(expected);
    expect(await runFolderJob(cwd)).toEqual(expected);
  });

  it('is some row groups of a large Parquet file, whose rows keep their numbers', async () => {
    const cwd = await parquetFolder(
      {
        'job.yaml': `name: j
inputs:
  t: { path: "t*.parquet", format: parquet, columns: { i: BIGINT, k: VARCHAR }, row_number: place }
steps:
  rows:
    slice: t
    sql: rows.sql
    partition_by: [k]
    order_by: [place]
    output: { path: "results/{k}.ndjson", format: ndjson }
`,
        'rows.sql': 'SELECT k, place, i FROM t WHERE i % 100 = 0',
      },
      {
        't1.parquet': "SELECT i, 'k' || (i % 3) AS k FROM range(20000) t(i)",
        't2.parquet': "SELECT i, 'k' || (i % 4) AS k FROM range(10000) t(i)",
      },
    );
    const fused = await runFolderJob(cwd, { targetBytes: 'fused' });
    const rig = await openRig(cwd, { targetBytes: 10_000 });
    const parts = (await rig.planStep('rows')).tasks.flatMap((task) => task.files.t ?? []);
    expect(parts.filter(({ part }) => part?.kind === 'rows').length).toBeGreaterThan(5);
    expect(await runFolderJob(cwd, { targetBytes: 10_000 })).toEqual(fused);
  });

  it('is a part of an earlier step that it slices', async () => {
    const cwd = writeFolder({
      ...someShops(),
      'job.yaml':
        SHOPS.replace(/ {4}output.*\n/, '').replace('    order_by: [amount]\n', '') +
        '  again:\n    slice: rows\n    sql: again.sql\n    order_by: [id]\n    output: { path: results/all.json }\n',
      'again.sql': 'SELECT id, shop FROM rows',
    });
    const fused = await runFolderJob(cwd, { targetBytes: 'fused' });
    expect(await runFolderJob(cwd, { targetBytes: 100 })).toEqual(fused);
  });
});

describe('a task that fails', () => {
  it('places a bad value in the line of the whole file, and the next one runs', async () => {
    const files = someShops(60);
    const orders = (files['orders.csv'] ?? '').replace('\n50,s0,2\n', '\n50,s0,two\n');
    const cwd = writeFolder({ ...files, 'orders.csv': orders });
    const rig = await openRig(cwd, { targetBytes: 100 });
    const { tasks } = await rig.planStep('rows');
    const outcomes = await Promise.allSettled(tasks.map(({ index }) => rig.runTask('rows', index)));
    const failed = outcomes.filter(({ status }) => status === 'rejected');
    expect(failed).toEqual([
      {
        status: 'rejected',
        reason: expect.objectContaining({
          kind: 'data',
          message:
            'column "amount": expected INTEGER, got "two"; correct it, declare another type, or list it in nulls',
          place: { file: join(cwd, 'orders.csv'), line: 52 },
        }),
      },
    ]);
    expect(outcomes.length).toBeGreaterThan(3);
  });

  it('places a value that a strict scan refuses likewise', async () => {
    const files = someShops(60);
    const orders = (files['orders.csv'] ?? '').replace('\n50,s0,2\n', '\n50,s0,1.5\n');
    const cwd = writeFolder({ ...files, 'orders.csv': orders });
    const rig = await openRig(cwd, { targetBytes: 100 });
    const { tasks } = await rig.planStep('rows');
    const outcomes = await Promise.allSettled(tasks.map(({ index }) => rig.runTask('rows', index)));
    expect(outcomes.filter(({ status }) => status === 'rejected')).toMatchObject([
      { reason: { message: expect.stringContaining('got "1.5"'), place: { line: 52 } } },
    ]);
  });

  it('advises newlines_in_values where a record is cut', async () => {
    const files = someShops(60);
    const orders = (files['orders.csv'] ?? '').replace('\n50,s0,2\n', `\n50,"s${'\nx'.repeat(200)}",2\n`);
    const cwd = writeFolder({ ...files, 'orders.csv': orders });
    const rig = await openRig(cwd, { targetBytes: 100 });
    const { tasks } = await rig.planStep('rows');
    const outcomes = await Promise.allSettled(tasks.map(({ index }) => rig.runTask('rows', index)));
    const failed = outcomes.filter(({ status }) => status === 'rejected');
    expect(failed.length).toBeGreaterThan(0);
    expect(failed).toContainEqual(
      expect.objectContaining({
        reason: expect.objectContaining({
          message: expect.stringContaining('or set newlines_in_values: true if values hold line breaks'),
        }),
      }),
    );
  });

  it.each([
    ['fused', 'fused'],
    ['rows', 100],
  ] as const)('in step %s says that an input changed since it was planned', async (step, targetBytes) => {
    const cwd = writeFolder(someShops());
    const rig = await openRig(cwd, { targetBytes });
    await rig.planStep(step);
    await appendFile(join(cwd, 'orders.csv'), '99,s9,1\n');
    const file = join(cwd, 'orders.csv');
    await expect(rig.runTask(step, 0)).rejects.toMatchObject({
      kind: 'data',
      message: `input "orders" changed during the run: ${file} is another file than the one planned; nothing was published, run it again`,
    });
  });

  it('says so too when the change comes while it reads', async () => {
    const cwd = writeFolder(someShops());
    const rig = await openRig(cwd, { targetBytes: 'fused' });
    await rig.planStep('fused');
    let changed = false;
    const running = rig.runTask('fused', 0, {
      onProgress: ({ phase }) => {
        if (phase !== 'writing rows' || changed) return;
        changed = true;
        void writeFile(join(cwd, 'orders.csv'), 'id,shop,amount\n');
      },
    });
    await expect(running).rejects.toMatchObject({
      kind: 'data',
      message: expect.stringContaining('changed during'),
    });
  });

  it('ends when it is told to, with the reason, and the next one runs', async () => {
    const cwd = writeFolder({
      ...someShops(),
      'rows.sql':
        "SELECT shop, amount, id FROM orders WHERE shop <> 's1' OR (SELECT sum(a.i * b.i) FROM range(10000000) a(i), range(10000000) b(i)) > 0",
    });
    const rig = await openRig(cwd, { targetBytes: 1e6 });
    await rig.planStep('rows');
    const reason = new PitwallError('interrupted', 'stop');
    for (let attempt = 0; attempt < 2; attempt++) {
      const aborting = new AbortController();
      const onProgress = ({ phase }: { phase: string }) =>
        phase === 'computing rows' && aborting.abort(reason);
      await expect(rig.runTask('rows', 0, { onProgress, signal: aborting.signal })).rejects.toBe(reason);
    }
    expect(await readdir(rig.folder.url)).not.toContain('records');
  });

  it('for lack of memory leaves the worker usable', async () => {
    const cwd = writeFolder({
      ...someShops(),
      'rows.sql':
        'SELECT shop, amount, id, CASE WHEN id = 0 THEN (SELECT length(string_agg(repeat(i::VARCHAR, 100))) FROM range(3000000) t(i)) END AS long FROM orders',
    });
    const rig = await openRig(cwd, { targetBytes: 1e6, limits: { memoryBytes: 150e6 } });
    await rig.planStep('rows');
    const errors: unknown[] = [];
    for (let attempt = 0; attempt < 2; attempt++)
      errors.push(await rig.runTask('rows', 0).catch((error: unknown) => error));
    expect(errors).toMatchObject([{ kind: 'memory' }, { kind: 'memory' }]);
  });

  it('reads numbers exactly that a fast scan cannot tell', async () => {
    const cwd = writeFolder({
      ...someShops(),
      'orders.csv': 'id,shop,amount\n9007199254740993,a,1\n2,b,1\n',
    });
    expect(await runFolderJob(cwd, { targetBytes: 20 })).toEqual({
      'a.json': '[\n{"amount":1,"id":9007199254740993}\n]\n',
      'b.json': '[\n{"amount":1,"id":2}\n]\n',
    });
  });
});

describe('an attempt', () => {
  it('bears the id that it is given', async () => {
    const rig = await openRig(writeFolder(someShops()));
    await rig.planStep('rows');
    const attempt = randomUUID();
    const { record } = await rig.worker.run('rows', 0, attempt, {
      onProgress: () => undefined,
      signal: new AbortController().signal,
    });
    expect(record.attempt).toBe(attempt);
  });
});
