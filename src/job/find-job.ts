import { readdir, stat } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PitwallError } from '../error.ts';
import { nearest } from './suggest.ts';
import { shownPath } from './text-place.ts';

const OWN_JOBS = fileURLToPath(new URL('../../sql', import.meta.url));

export interface FindJobOptions {
  readonly cwd?: string | undefined;
  /** The folder that holds a folder per job; by default `sql` of the working directory, then Pitwall's own. */
  readonly jobsDir?: string | undefined;
}

/**
 * Finds the folder of a job: a name under the jobs' folder, or else a path to a folder with a job.yaml. Throws a
 * PitwallError of kind `usage` that names what exists.
 */
export async function findJob(ref: string, options: FindJobOptions = {}): Promise<string> {
  const cwd = resolve(options.cwd ?? '.');
  const jobsDirs =
    options.jobsDir === undefined ? [join(cwd, 'sql'), OWN_JOBS] : [resolve(cwd, options.jobsDir)];
  const byName = isPath(ref) ? [] : jobsDirs.map((jobsDir) => join(jobsDir, ref));
  for (const folder of [...byName, resolve(cwd, ref)]) {
    if (await holdsJob(folder)) return folder;
  }
  throw new PitwallError(
    'usage',
    isPath(ref) ? await sayNoFolder(ref, cwd) : await sayNoName(ref, jobsDirs, cwd),
  );
}

/** The names of the jobs in a folder, in order; none when there is no such folder. */
export async function listJobs(jobsDir: string): Promise<string[]> {
  const entries = await readdir(jobsDir).catch(() => []);
  const jobs = await Promise.all(
    entries.map(async (name) => ((await holdsJob(join(jobsDir, name))) ? [name] : [])),
  );
  return jobs.flat().sort();
}

function isPath(ref: string): boolean {
  return isAbsolute(ref) || ref === '' || ref.startsWith('.') || /[/\\]/.test(ref);
}

function holdsJob(folder: string): Promise<boolean> {
  return isFile(join(folder, 'job.yaml'));
}

async function sayNoFolder(ref: string, cwd: string): Promise<string> {
  if (await isFile(resolve(cwd, ref)))
    return `the job "${ref}" is a file; give the folder that holds its job.yaml`;
  return `there is no job in "${ref}": expected a folder with a job.yaml`;
}

async function sayNoName(ref: string, jobsDirs: readonly string[], cwd: string): Promise<string> {
  const known = [...new Set((await Promise.all(jobsDirs.map(listJobs))).flat())];
  const meant = nearest(ref, known);
  const where = jobsDirs.map((jobsDir) => shownPath(jobsDir, cwd))[0];
  const exist = known.length === 0 ? `there are none in ${where}` : `jobs: ${known.join(', ')}`;
  return `there is no job "${ref}"; ${meant === undefined ? '' : `did you mean "${meant}"? `}${exist}`;
}

async function isFile(path: string): Promise<boolean> {
  const stats = await stat(path).catch(() => undefined);
  return stats?.isFile() === true;
}
