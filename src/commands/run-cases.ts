import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { PitwallError } from '../error.ts';
import { findJob } from '../job/find-job.ts';
import { runJob } from '../run.ts';
import { parseExactly } from './exact-json.ts';

/** One folder below a job's `tests/`: its inputs, and in `expected/` the files that must come out of them. */
export interface CaseResult {
  readonly name: string;
  /** Empty when the case passed. */
  readonly problems: readonly string[];
}

/**
 * Runs every case of a job: its `source` parameter is the case's folder, its `out` an empty one. Expected
 * `.json` files are compared as JSON values, others byte for byte; a file too many is a problem as well.
 *
 * @throws PitwallError (`usage`) when the job is unknown or has no cases
 */
export async function runCases(ref: string, signal: AbortSignal): Promise<CaseResult[]> {
  const folder = join(await findJob(ref), 'tests');
  const names = await listFolders(folder);
  if (names.length === 0) {
    throw new PitwallError(
      'usage',
      `job ${ref} has no cases; make a folder ${folder}/<case> with inputs and expected/`,
    );
  }
  const results: CaseResult[] = [];
  for (const name of names.sort())
    results.push({ name, problems: await runCase(ref, join(folder, name), signal) });
  return results;
}

async function listFolders(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

async function runCase(ref: string, folder: string, signal: AbortSignal): Promise<string[]> {
  const out = await mkdtemp(join(tmpdir(), 'pitwall-case-'));
  try {
    await runJob(ref, { set: { source: folder, out }, signal });
    return await compareFolders(join(folder, 'expected'), out);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof PitwallError) return [String(error)];
    throw error;
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}

/** What a run keeps beside its outputs. */
const RUN_STORE = `_pitwall${sep}`;

async function compareFolders(expected: string, actual: string): Promise<string[]> {
  const wanted = await listFiles(expected);
  const found = (await listFiles(actual)).filter((name) => !name.startsWith(RUN_STORE));
  const missing = wanted
    .filter((name) => !found.includes(name))
    .map((name) => `${name}: expected, but not published`);
  const extra = found
    .filter((name) => !wanted.includes(name))
    .map((name) => `${name}: published, but not expected`);
  const common = wanted.filter((name) => found.includes(name));
  const compared = await Promise.all(
    common.map((name) => compareFiles(name, join(expected, name), join(actual, name))),
  );
  return [...missing, ...extra, ...compared.flat()];
}

async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1));
}

async function compareFiles(name: string, expected: string, actual: string): Promise<string[]> {
  const [wanted, found] = await Promise.all([readFile(expected), readFile(actual)]);
  if (!name.endsWith('.json')) return wanted.equals(found) ? [] : [`${name}: the bytes differ`];
  return compareJson(name, parseExactly(wanted.toString()), parseExactly(found.toString()));
}

function compareJson(name: string, wanted: unknown, found: unknown): string[] {
  if (isDeepStrictEqual(wanted, found)) return [];
  if (!Array.isArray(wanted) || !Array.isArray(found)) return [`${name}: the values differ`];
  const index = wanted.findIndex((value, at) => !isDeepStrictEqual(value, found[at]));
  const at = index < 0 ? wanted.length : index;
  return [`${name}: element ${at}: expected ${JSON.stringify(wanted[at])}, got ${JSON.stringify(found[at])}`];
}
