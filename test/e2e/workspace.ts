import { cp, mkdir, mkdtemp, readdir, readFile, readlink, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const JOBS = fileURLToPath(new URL('../jobs', import.meta.url));

/** A working directory of its own, which goes when the test ends. */
export async function emptyFolder(): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'pitwall-e2e-')));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A working directory with a copy of a job of test/jobs in `job/`, and of what it published before in `results/`. */
export async function jobWorkspace(name: string): Promise<string> {
  const cwd = await emptyFolder();
  await cp(join(JOBS, name), join(cwd, 'job'), { recursive: true });
  await writeFiles(cwd, { 'results/Rome.json': '[\n{"published":"before"}\n]\n', 'tmp/other': 'of others' });
  return cwd;
}

/** Writes files (paths below `folder` → texts) and the folders that they need. */
export async function writeFiles(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}

/** Everything below a folder: the bytes of each file, in Latin-1, by its path; folders end in a slash. */
export async function readTree(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const parts = entries.map(async (entry): Promise<[string, string]> => {
    const path = join(entry.parentPath, entry.name);
    const name = relative(folder, path);
    if (entry.isDirectory()) return [`${name}/`, ''];
    return [name, entry.isSymbolicLink() ? `→ ${await readlink(path)}` : await readFile(path, 'latin1')];
  });
  return Object.fromEntries((await Promise.all(parts)).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What is published below a folder: everything but the runs, as {@link readTree} gives it. */
export async function readPublished(folder: string): Promise<Record<string, string>> {
  const tree = Object.entries(await readTree(folder));
  return Object.fromEntries(tree.filter(([path]) => !/(^|\/)_pitwall\//.test(path)));
}
