import { execFile as execFileLater } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { FAULT_POINTS, type FaultPoint } from '../../src/fault-point.ts';
import { CLI, type Outcome, pitwall, pitwallOk } from '../e2e/pitwall.ts';
import { emptyFolder, readTree } from '../e2e/workspace.ts';

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

/** Where the inputs, outputs and runs of a test lie. */
export interface Place {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Where the sample is read, and where other seasons are, that were published before. */
  readonly sources: { readonly sample: string; readonly before: string };
  readonly out: string;
  /** The bytes of each object below `out`, by its name there. */
  read(): Promise<Record<string, string>>;
  /** What a run left that should be gone, beside what lies below `out`. */
  leftovers(): Promise<string[]>;
}

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

/** Everything on the local disk. */
export async function localPlace(): Promise<Place> {
  const cwd = await emptyFolder();
  return {
    ...{ cwd, env: {}, out: 'results' },
    sources: { sample: 'sample', before: await otherInputs() },
    read: async () => readTree(join(cwd, 'results')).catch(() => ({})),
    leftovers: async () => [],
  };
}

/** A place where something else was published before. */
async function prepared(open: () => Promise<Place>): Promise<Place> {
  const place = await open();
  const { cwd, env, sources, out } = place;
  const set = ['--set', `source=${sources.before}`, '--set', `out=${out}`];
  await pitwallOk(['run', 'race_stats', ...set, '--quiet'], { cwd, env });
  return place;
}

function run(
  { cwd, env, sources, out }: Place,
  shape: Shape,
  fault: NodeJS.ProcessEnv = {},
): Promise<Outcome> {
  // The default is told apart from a path of the command line: it lies in the job's folder.
  const source = sources.sample === 'sample' ? [] : ['--set', `source=${sources.sample}`];
  const args = ['run', 'race_stats', ...source, '--set', `out=${out}`, '--quiet', ...SHAPES[shape]];
  return pitwall(args, { cwd, env: { ...env, ...fault } });
}

/** The attempt of each task that has a record, by the record's path. */
async function committedAttempts(place: Place): Promise<Record<string, string>> {
  const records = Object.entries(await place.read()).filter(([name]) => /records\/.*\.json$/.test(name));
  return Object.fromEntries(records.map(([name, text]) => [name, JSON.parse(text).attempt]));
}

async function leftovers(place: Place): Promise<string[]> {
  const names = Object.keys(await place.read());
  return [...names.filter((name) => /\/scratch(\/|$)|\.tmp$/.test(name)), ...(await place.leftovers())];
}

async function published(place: Place): Promise<Record<string, string>> {
  const all = Object.entries(await place.read());
  return Object.fromEntries(all.filter(([name]) => !/(^|\/)_pitwall\//.test(name)));
}

/** What each shape publishes when nothing happens to it, on the local disk. */
export async function undisturbed(shape: Shape): Promise<Record<string, string>> {
  const known = UNDISTURBED.get(shape);
  if (known !== undefined) return known;
  const place = await prepared(localPlace);
  expect((await run(place, shape)).code).toBe(0);
  const files = await published(place);
  UNDISTURBED.set(shape, files);
  return files;
}

/** Stops a run at a point, runs the job again, and compares with what an undisturbed run publishes. */
export async function disturb(
  shape: Shape,
  signal: Signal,
  point: FaultPoint,
  open = localPlace,
): Promise<void> {
  const place = await prepared(open);
  const once = join(place.cwd, 'fired');
  const first = await run(place, shape, { PITWALL_FAULT: `${signal}@${point}`, PITWALL_FAULT_ONCE: once });
  expect(existsSync(once), `the run comes to "${point}"; it said: ${first.stderr}`).toBe(true);
  const isWorkers = shape === 'divided' && /^(task|commit):/.test(point);
  if (!isWorkers) expect(first.code, first.stderr).toBe(EXIT_CODES[signal]);
  const committed = await committedAttempts(place);
  const again = await run(place, shape);
  expect(again, again.stderr).toMatchObject({ code: 0 });
  expect(await published(place)).toEqual(await undisturbed(shape));
  expect(await committedAttempts(place)).toMatchObject(committed);
  expect(await leftovers(place)).toEqual([]);
}

/** Where a store has no names to link. */
const ON_DISKS: readonly FaultPoint[] = ['publish: file linked'];

/** The points that a run of the shape comes to. */
export function pointsOf(shape: Shape, where: 'disk' | 'store' = 'disk'): FaultPoint[] {
  const points = FAULT_POINTS.filter((point) => (ONLY[point] ?? shape) === shape);
  return where === 'disk' ? points : points.filter((point) => !ON_DISKS.includes(point));
}
