import { describe, expect, it } from 'vitest';
import { runFolder, TASKS_PER_CHUNK } from '../../src/plan/run-folder.ts';
import {
  readPlan,
  readStepFiles,
  readStepHead,
  readStepPlan,
  readTask,
  writePlan,
  writeStepFiles,
  writeStepPlan,
} from '../../src/plan/task-files.ts';
import { localStorage } from '../../src/storage/local.ts';
import type { Storage } from '../../src/storage/storage.ts';
import { folderWith } from './some-input.ts';
import {
  planned,
  plannedInput,
  someFile,
  someOutput,
  somePlan,
  someStep,
  stepFile,
  yearFiles,
  yearList,
} from './some-plan.ts';

const storage = localStorage();
const someRun = async () => runFolder(`${await folderWith()}/_pitwall/job`, 'run');

const stats = someStep('stats', {
  reads: ['results'],
  partition: ['year'],
  partitionBy: ['year'],
  output: someOutput('{year}.json'),
});

/** A plan of a step with as many tasks as there are files. */
function manyTasks(count: number) {
  const years = Array.from({ length: count }, (_, index) => String(index));
  const input = plannedInput('results', yearFiles(years), {
    columns: { a: 'BIGINT', year: 'INTEGER' },
    pathColumns: ['year'],
  });
  const plan = somePlan(
    [plannedInput('races', [someFile('/in/a', { path: '/b' })]), input],
    { steps: [stats] },
    { targetBytes: 1 },
  );
  return { plan, step: planned(plan, 'stats', { partitions: yearList(years) }) };
}

/** The store, with the urls that are read. */
function counting(): { store: Storage; reads: string[] } {
  const reads: string[] = [];
  const store: Storage = {
    ...storage,
    read: (url, range) => {
      reads.push(url);
      return storage.read(url, range);
    },
  };
  return { store, reads };
}

/** As JSON gives it back: without what is undefined. */
const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('a plan in its run folder', () => {
  it('comes back as it was, with the files of all inputs or of some', async () => {
    const folder = await someRun();
    const { plan } = manyTasks(25_000);
    await writePlan(storage, folder, plan);
    expect(await readPlan(storage, folder)).toEqual(asJson(plan));
    const { inputs } = await readPlan(storage, folder, { filesOf: ['races'] });
    expect(inputs.map(({ files }) => files.length)).toEqual([1, 0]);
  });

  it('is written again by a run that is resumed, and by no other', async () => {
    const folder = await someRun();
    const { plan } = manyTasks(2);
    await writePlan(storage, folder, plan);
    await writePlan(storage, folder, plan);
    await expect(writePlan(storage, folder, { ...plan, sha256: 'other' })).rejects.toThrow(
      `${folder.plan} is there already, with other contents: another process works on the same run; run it again later`,
    );
  });
});

describe("a step's plan in its run folder", () => {
  it('of a new run is not looked for, nor read again by the process that wrote it', async () => {
    const folder = await someRun();
    const { step } = manyTasks(3);
    const asked: string[] = [];
    const counting: Storage = {
      ...storage,
      head: (url) => {
        asked.push(url);
        return storage.head(url);
      },
      read: (url, options) => {
        asked.push(url);
        return storage.read(url, options);
      },
    };
    await writeStepPlan(counting, folder, step, { isNew: true });
    expect(await readTask(counting, folder, 'stats', 2)).toEqual(asJson(step.tasks[2]));
    expect(asked).toEqual([]);
  });

  it('comes back whole, as a head and task by task', async () => {
    const folder = await someRun();
    const { step } = manyTasks(2500);
    const skipped = [{ partition: { year: null }, fingerprint: 'f', bytes: 1 }];
    await writeStepPlan(storage, folder, { ...step, skipped });
    expect(await readStepPlan(storage, folder, 'stats')).toEqual(asJson({ ...step, skipped }));
    const { tasks: _, skipped: __, ...outline } = step;
    expect(await readStepHead(storage, folder, 'stats')).toEqual({
      ...outline,
      taskCount: 2500,
      chunks: [0, 1000, 2000],
      skippedCount: 1,
    });
    for (const index of [0, 999, 1000, 2499])
      expect(await readTask(storage, folder, 'stats', index)).toEqual(asJson(step.tasks[index]));
  });

  it('gives a task by two reads, and its neighbours by none', async () => {
    const folder = await someRun();
    await writeStepPlan(storage, folder, manyTasks(1500).step);
    const { store, reads } = counting();
    for (const index of [1, 2, 999, 1000, 1499, 1001]) await readTask(store, folder, 'stats', index);
    expect(reads).toEqual([folder.step('stats'), folder.taskChunk('stats', 0), folder.taskChunk('stats', 1)]);
  });

  it('is not there before its head is, which comes last', async () => {
    const folder = await someRun();
    expect(await readStepPlan(storage, folder, 'stats')).toBeUndefined();
    const written: string[] = [];
    const store: Storage = {
      ...storage,
      writeAtomic: (url, ...rest) => {
        written.push(url);
        return storage.writeAtomic(url, ...rest);
      },
    };
    await writeStepPlan(store, folder, manyTasks(TASKS_PER_CHUNK + 1).step);
    expect(written).toEqual([
      folder.taskChunk('stats', 0),
      folder.taskChunk('stats', 1),
      folder.step('stats'),
    ]);
  });

  it('is never replaced by another', async () => {
    const folder = await someRun();
    const { step } = manyTasks(3);
    await writeStepPlan(storage, folder, step);
    await writeStepPlan(storage, folder, step);
    const other = writeStepPlan(storage, folder, { ...step, tasks: step.tasks.slice(1) });
    await expect(other).rejects.toThrow(
      `${folder.step('stats')} is there already, with other contents: another process works on the same run; run it again later`,
    );
    expect((await readStepPlan(storage, folder, 'stats'))?.tasks).toHaveLength(3);
  });

  it('keeps tasks of many files in chunks of few', async () => {
    const folder = await someRun();
    const { step } = manyTasks(4);
    const files = { results: yearFiles(Array.from({ length: 20_000 }, (_, index) => String(index))) };
    const large = { ...step, tasks: step.tasks.map((task) => ({ ...task, files })) };
    await writeStepPlan(storage, folder, large);
    expect((await readStepHead(storage, folder, 'stats')).chunks).toEqual([0, 2]);
    expect(await readTask(storage, folder, 'stats', 3)).toEqual(asJson(large.tasks[3]));
  });

  it('has no task beyond its last', async () => {
    const folder = await someRun();
    await writeStepPlan(storage, folder, manyTasks(3).step);
    for (const index of [3, 1000])
      await expect(readTask(storage, folder, 'stats', index)).rejects.toThrow(
        `step stats of run run has no task ${index}`,
      );
  });
});

it('the files of a step come back as they were', async () => {
  const folder = await someRun();
  const files = [stepFile('/a'), stepFile('/b')];
  await writeStepFiles(storage, folder, 'winners', files);
  expect(await readStepFiles(storage, folder, 'winners')).toEqual(files);
  await writeStepFiles(storage, folder, 'none', []);
  expect(await readStepFiles(storage, folder, 'none')).toEqual([]);
});
