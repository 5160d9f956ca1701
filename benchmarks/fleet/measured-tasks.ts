import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TaskRecord } from '../../src/execute/record.ts';
import { measureProcess } from '../harness/measure-process.ts';
import { pitwallCommand, setOptions } from '../harness/pitwall-command.ts';
import { raceData } from '../harness/race-data.ts';

const STEP = 'winners';
/** Tasks that are run once more, each in a process of its own. */
const COLD_TASKS = 3;

export interface MeasuredTasks {
  /** What each slice of race_stats took in a warm process with one thread. */
  readonly warmSeconds: readonly number[];
  /** What the process of a task takes besides: to start, to load DuckDB, to read its plan. */
  readonly startSeconds: number;
}

/** What real tasks take: the slices of race_stats from CSV. */
export async function measureTasks(races: number, folder: string): Promise<MeasuredTasks> {
  const source = await raceData(races, 'csv');
  const out = join(folder, 'measured');
  const limits = ['--fuse-below', '0', '--workers', '1', '--threads', '1'];
  await measureProcess(
    pitwallCommand('run', 'race_stats', ...setOptions({ source, out }), ...limits, '--quiet'),
  );
  const runs = join(out, '_pitwall', 'race_stats', 'runs');
  const [runId = ''] = await readdir(runs);
  const records = await readRecords(join(runs, runId, 'records', STEP));
  return {
    warmSeconds: records.map(({ elapsedMs }) => elapsedMs / 1000),
    startSeconds: await startSeconds(join(runs, runId), records.slice(0, COLD_TASKS)),
  };
}

async function readRecords(folder: string): Promise<TaskRecord[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json'));
  return Promise.all(names.map(async (name) => JSON.parse(await readFile(join(folder, name), 'utf8'))));
}

/** Done again, a task makes what nobody needs, in the same time but for the start of its process. */
async function startSeconds(runFolder: string, records: readonly TaskRecord[]): Promise<number> {
  const extra: number[] = [];
  for (const { index, elapsedMs } of records) {
    const command = pitwallCommand('task', runFolder, STEP, String(index), '--threads', '1');
    extra.push((await measureProcess(command)).seconds - elapsedMs / 1000);
  }
  return Math.max(0, extra.reduce((sum, seconds) => sum + seconds, 0) / extra.length);
}
