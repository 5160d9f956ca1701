import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { TaskEvent } from '../../src/engine/engine.ts';
import { inProcess } from '../../src/engine/in-process.ts';
import { PitwallError } from '../../src/error.ts';
import type { TaskRecord } from '../../src/execute/record.ts';
import type { TaskProgress } from '../../src/execute/run-task.ts';
import { checkJob } from '../../src/job/check-job.ts';
import type { Job } from '../../src/job/job.ts';
import { jobOrThrow } from '../../src/job/load-job.ts';
import { makePlan } from '../../src/plan/make-plan.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { openPlanSession } from '../../src/plan/plan-session.ts';
import { planStep } from '../../src/plan/plan-step.ts';
import { type RunFolder, runFolder } from '../../src/plan/run-folder.ts';
import { stepOutlines } from '../../src/plan/step-outlines.ts';
import type { StepPlan } from '../../src/plan/step-plan.ts';
import { writePlan, writeStepPlan } from '../../src/plan/task-files.ts';
import { localStorage } from '../../src/storage/local.ts';
import { someFolder } from '../execute/some-step.ts';
import { writeFolder } from '../job/job-folder.ts';

const LIMITS = { threads: 2, memoryBytes: 500e6 };

const YAML = `name: sales
inputs:
  orders: { path: orders.csv, columns: { shop: VARCHAR, amount: INTEGER } }
steps:
  sums: { sql: sums.sql }
  best:
    sql: best.sql
    partition_by: [shop]
    order_by: [amount]
    output: { path: "results/{shop}.json" }
checks:
  - { input: orders, not_null: [shop], severity: warn }
  - { step: sums, unique: [shop] }
`;
const FILES = {
  'job.yaml': YAML,
  'sums.sql': 'SELECT shop, sum(amount)::INTEGER AS amount FROM orders GROUP BY shop',
  'best.sql': 'SELECT shop, amount FROM sums WHERE shop IS NOT NULL',
  'orders.csv': 'shop,amount\nb,1\na,2\nb,3\n,4\n',
};

interface RunChanges {
  readonly only?: Readonly<Record<string, readonly string[]>>;
  readonly onProgress?: (progress: TaskProgress) => void;
  readonly signal?: AbortSignal;
}

interface Run {
  readonly record: Promise<TaskRecord>;
  readonly folder: RunFolder;
}

/** Runs the only task of the fused plan of the job in these files. */
async function run(files: Record<string, string>, changes: RunChanges = {}): Promise<Run> {
  const cwd = writeFolder(files);
  const checked = await checkJob('.', { cwd });
  const job = jobOrThrow('.', checked);
  const folder = runFolder(await someFolder(), 'run');
  const step = await planFused(job, Object.fromEntries(checked.columns), changes.only ?? {}, folder);
  return { record: runFused(step, folder, changes), folder };
}

async function planFused(
  job: Job,
  columns: Plan['columns'],
  only: Plan['only'],
  folder: RunFolder,
): Promise<StepPlan> {
  const storage = localStorage();
  const session = await openPlanSession();
  const limits = { workers: 1, ...LIMITS };
  const plan = await makePlan(job, storage, session, { columns, only, engine: 'test', limits });
  await session.close();
  const [outline] = stepOutlines(plan);
  if (outline === undefined) throw new Error('the plan has no step');
  const context = { stepFiles: new Map(), published: new Set<string>(), kept: new Map(), force: true };
  const step = planStep(plan, outline, context);
  await writePlan(storage, folder, plan);
  await writeStepPlan(storage, folder, step);
  return step;
}

async function runFused(
  step: StepPlan,
  folder: RunFolder,
  { onProgress = () => undefined, signal = new AbortController().signal }: RunChanges,
): Promise<TaskRecord> {
  const onEvent = (event: TaskEvent) => event.kind === 'task progress' && onProgress(event.progress);
  const session = await inProcess.open({
    storage: localStorage(),
    asked: {},
    folder,
    limits: LIMITS,
    workers: 1,
    signal,
    onEvent,
  });
  try {
    const [outcome] = await session.runTasks(step, [0]);
    if (outcome?.kind === 'committed') return outcome.record;
    throw outcome?.error;
  } finally {
    await session.close();
  }
}

describe('a fused task in this process', () => {
  it('runs every step, stages the outputs and checks inputs and steps', async () => {
    const phases = new Set<string>();
    const { record } = await run(FILES, { onProgress: ({ phase }) => phases.add(phase) });
    const { outputs, checks } = await record;
    const texts = await Promise.all(
      outputs.map(async ({ path, rows, stagedPath }) => [path, rows, await readFile(stagedPath, 'utf8')]),
    );
    expect(texts).toEqual([
      ['a.json', 1, '[\n{"amount":2}\n]\n'],
      ['b.json', 1, '[\n{"amount":4}\n]\n'],
    ]);
    expect(checks.map(({ severity, violations, examples }) => [severity, violations, examples])).toEqual([
      ['warn', 1, ['{"shop":null,"amount":4}']],
      ['error', 0, []],
    ]);
    expect([...phases]).toEqual(expect.arrayContaining(['reading orders', 'writing best']));
  });

  it('reads files whose names hold what is special to SQL and globs', async () => {
    const { 'orders.csv': orders, ...files } = FILES;
    const yaml = YAML.replace('path: orders.csv', 'path: "orders*.csv"');
    const { record } = await run({
      ...files,
      'job.yaml': yaml,
      "orders's [1]*?.csv": orders,
      'orders{2}.csv': 'shop,amount\nc,5\n',
    });
    expect((await record).outputs.map(({ path }) => path)).toEqual(['a.json', 'b.json', 'c.json']);
  });

  it('is narrowed to partitions', async () => {
    const { record } = await run(FILES, { only: { shop: ['b', 'c'] } });
    expect((await record).outputs.map(({ path }) => path)).toEqual(['b.json']);
  });

  it('places a bad value in its file, line and column', async () => {
    const { record } = await run({ ...FILES, 'orders.csv': 'shop,amount\nb,1\na,two\n' });
    await expect(record).rejects.toMatchObject({
      kind: 'data',
      place: { line: 3 },
      message: expect.stringContaining('"two"'),
    });
  });

  it('places an error of a step in its SQL', async () => {
    const { record } = await run({
      ...FILES,
      'sums.sql':
        "SELECT shop,\n  CASE WHEN amount > 3 THEN error('too much') ELSE 1 END::INTEGER AS amount\nFROM orders",
    });
    await expect(record).rejects.toMatchObject({
      kind: 'data',
      message: 'too much',
      place: { file: expect.stringMatching(/sums\.sql$/) },
    });
  });

  it.each(['reading orders', 'computing sums'])('ends when it is told to while it is %s', async (when) => {
    const aborting = new AbortController();
    const files = {
      ...FILES,
      'sums.sql':
        'SELECT o.shop, sum(a.i * b.i)::INTEGER AS amount FROM orders o, range(1000000) a(i), range(1000000) b(i) GROUP BY o.shop',
    };
    const reason = new PitwallError('interrupted', 'stop');
    const { record } = await run(files, {
      signal: aborting.signal,
      onProgress: ({ phase }) => phase === when && aborting.abort(reason),
    });
    await expect(record).rejects.toMatchObject({ kind: 'interrupted' });
  });

  it('leaves no spilled data', async () => {
    const { record, folder } = await run(FILES);
    await record;
    expect(await readdir(folder.scratch)).toEqual([]);
  });
});
