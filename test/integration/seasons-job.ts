import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { planHash } from '../../src/plan/fingerprint.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { pitwallOk } from '../e2e/pitwall.ts';
import { emptyFolder, writeFiles } from '../e2e/workspace.ts';

const JOB = `
params:
  source: { type: string, default: data }
  out: { type: string, default: results }
inputs:
  laps:
    path: \${source}/season=*/*.csv
    columns: { season: INTEGER, lap: BIGINT, driver: VARCHAR, points: "DECIMAL(10,2)" }
steps:
  totals:
    partition: [season]
    sql: totals.sql
    partition_by: [season]
    order_by: [driver]
    output: { path: "\${out}/totals_{season}.json" }
checks:
  - { input: laps, not_null: [season, lap, driver] }
`;

const SQL = `
SELECT season, driver, count(*) AS laps, sum(points)::DECIMAL(18,2) AS points
FROM laps GROUP BY season, driver
`;

/** The laps of a season as CSV; another `seed` gives others. */
export function lapsOf(season: number, { seed = 0, rows = 50 } = {}): string {
  const lines = Array.from({ length: rows }, (_, lap) => {
    const driver = (lap * 7 + season + seed) % 11;
    return `${lap},driver ${driver},${(lap * 31 + seed) % 97}.25`;
  });
  return ['lap,driver,points', ...lines, ''].join('\n');
}

/** Where the laps of a season lie, below a working directory. */
export function lapsPath(season: number): string {
  return `job/data/season=${season}/laps.csv`;
}

/** A working directory with a job in `job/` whose input has a folder and a file for each season. */
export async function seasonsWorkspace(seasons: readonly number[]): Promise<string> {
  const cwd = await emptyFolder();
  const laps = seasons.map((season) => [lapsPath(season), lapsOf(season)]);
  await writeFiles(cwd, { 'job/job.yaml': JOB, 'job/totals.sql': SQL, ...Object.fromEntries(laps) });
  return cwd;
}

/** What makes every season a task of its own. */
export const A_TASK_EACH = 1;

/** The arguments of a run of `job/` whose tasks read no more than so many bytes. */
export async function smallTasks(
  cwd: string,
  targetBytes: number,
  job = 'job',
  { args = [], env = {} }: { readonly args?: readonly string[]; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<string[]> {
  const path = join(cwd, `plan-${targetBytes}.json`);
  await pitwallOk(['plan', job, ...args, '--fuse-below', '0', '-o', path], { cwd, env });
  const { sha256: _, asked, ...plan }: Plan = JSON.parse(await readFile(path, 'utf8'));
  const smaller = { ...plan, targetBytes };
  await writeFile(path, JSON.stringify({ ...smaller, sha256: planHash(smaller), asked }));
  return ['run', job, ...args, '--plan', path];
}

/** An event of a run, as `events.ndjson` has it. */
export interface RunEvent {
  readonly kind: string;
  readonly stepId?: string;
  readonly index?: number;
  readonly reason?: string;
  readonly message?: string;
}

/** The folder of a job's runs in which its outputs lie. */
export function storeOf(cwd: string, job = 'job'): string {
  return join(cwd, 'results/_pitwall', job);
}

/** The ids of the runs that have a folder. */
export async function runIds(cwd: string, job = 'job'): Promise<string[]> {
  return (await readdir(join(storeOf(cwd, job), 'runs')).catch(() => [])).sort();
}

/** What happened in a run. */
export async function eventsOf(cwd: string, runId: string, job = 'job'): Promise<RunEvent[]> {
  const text = await readFile(join(storeOf(cwd, job), 'runs', runId, 'events.ndjson'), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** What a run that failed should have taken with it: scratch, unfinished files, probes. */
export async function leftovers(...roots: string[]): Promise<string[]> {
  const trees = await Promise.all(roots.map((root) => readdir(root, { recursive: true }).catch(() => [])));
  return trees.flat().filter((name) => /(^|\/)scratch(\/|$)|\.tmp$|\/probe-/.test(name));
}
