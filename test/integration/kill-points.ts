import { execFile as execFileLater } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { FAULT_POINTS, type FaultPoint } from '../../src/fault-point.ts';
import { CLI, type Outcome, pitwall, pitwallOk } from '../e2e/pitwall.ts';
import { emptyFolder, readPublished } from '../e2e/workspace.ts';

const execFile = promisify(execFileLater);

/** The same job as one task in the driver's process, and as many tasks in workers. */
const SHAPES = {
  fused: [],
  divided: ['--fuse-below', '0', '--workers', '2'],
} as const;

export type Shape = keyof typeof SHAPES;

const EXIT_CODES = { SIGKILL: 'SIGKILL', SIGTERM: 143, SIGINT: 130 } as const;
export type Signal = keyof typeof EXIT_CODES;

/** Points that only one of the two shapes comes to. */
const ONLY: Partial<Record<FaultPoint, Shape>> = {
  'task: rows kept': 'divided',
  'step: files listed': 'divided',
};

const UNDISTURBED = new Map<Shape, Record<string, string>>();

let before: Promise<string> | undefined;

/** Inputs with seasons that the sample does not have, made once for all tests of a file. */
function otherInputs(): Promise<string> {
  before ??= generate();
  return before;
}

async function generate(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'pitwall-before-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const sizes = ['--races', '40', '--results-per-race', '4', '--seed', '7'];
  await execFile(process.execPath, [CLI, 'gen', 'race_stats', ...sizes, '--out', folder]);
  return folder;
}

/** A working directory where something else was published before. */
async function workspace(): Promise<string> {
  const cwd = await emptyFolder();
  await pitwallOk(['run', 'race_stats', '--set', `source=${await otherInputs()}`, '--quiet'], { cwd });
  return cwd;
}

function run(cwd: string, shape: Shape, env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  return pitwall(['run', 'race_stats', '--quiet', ...SHAPES[shape]], { cwd, env });
}

/** The attempt of each task that has a record, by the record's path. */
async function committedAttempts(cwd: string): Promise<Record<string, string>> {
  const runs = join(cwd, 'results/_pitwall/race_stats/runs');
  const names = (await readdir(runs, { recursive: true }).catch(() => [])).filter((name) =>
    /records\/.*\.json$/.test(name),
  );
  const records = names.map(async (name) => [
    name,
    JSON.parse(await readFile(join(runs, name), 'utf8')).attempt,
  ]);
  return Object.fromEntries(await Promise.all(records));
}

async function leftovers(cwd: string): Promise<string[]> {
  const names = await readdir(join(cwd, 'results'), { recursive: true });
  return names.filter((name) => /\/scratch(\/|$)|\.tmp$/.test(name));
}

/** What each shape publishes when nothing happens to it. */
export async function undisturbed(shape: Shape): Promise<Record<string, string>> {
  const known = UNDISTURBED.get(shape);
  if (known !== undefined) return known;
  const cwd = await workspace();
  expect((await run(cwd, shape)).code).toBe(0);
  const published = await readPublished(join(cwd, 'results'));
  UNDISTURBED.set(shape, published);
  return published;
}

/** Stops a run at a point, runs the job again, and compares with what an undisturbed run publishes. */
export async function disturb(shape: Shape, signal: Signal, point: FaultPoint): Promise<void> {
  const cwd = await workspace();
  const once = join(cwd, 'fired');
  const first = await run(cwd, shape, { PITWALL_FAULT: `${signal}@${point}`, PITWALL_FAULT_ONCE: once });
  expect(existsSync(once), `the run comes to "${point}"; it said: ${first.stderr}`).toBe(true);
  const isWorkers = shape === 'divided' && /^(task|commit):/.test(point);
  if (!isWorkers) expect(first.code, first.stderr).toBe(EXIT_CODES[signal]);
  const committed = await committedAttempts(cwd);
  const again = await run(cwd, shape);
  expect(again, again.stderr).toMatchObject({ code: 0 });
  expect(await readPublished(join(cwd, 'results'))).toEqual(await undisturbed(shape));
  expect(await committedAttempts(cwd)).toMatchObject(committed);
  expect(await leftovers(cwd)).toEqual([]);
}

/** The points that a run of the shape comes to. */
export function pointsOf(shape: Shape): FaultPoint[] {
  return FAULT_POINTS.filter((point) => (ONLY[point] ?? shape) === shape);
}
