import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { CheckResult } from '../../src/execute/record.ts';
import type { PublishedOutput } from '../../src/publish/manifest.ts';
import type { Publication } from '../../src/publish/publication.ts';
import { localStorage } from '../../src/storage/local.ts';
import { someFolder } from '../execute/some-step.ts';

/** A job's outputs and run store on this machine's disk. */
export interface SomeStore {
  readonly storage: ReturnType<typeof localStorage>;
  readonly root: string;
  readonly store: string;
}

export async function someStore(): Promise<SomeStore> {
  const root = join(await someFolder(), 'out');
  await mkdir(root);
  return { storage: localStorage(), root, store: join(root, '_pitwall', 'my_job') };
}

/** A run that wants files (names → texts) published; they lie in its folder. */
export async function somePublication(
  { root, store }: SomeStore,
  runId: string,
  files: Readonly<Record<string, string>>,
  checks: readonly CheckResult[] = [],
): Promise<Publication> {
  const outputs = Object.entries(files).map(([name, text], index) =>
    someOutputFile(root, name, text, join(store, 'runs', runId, 'attempts', `${index}`), runId),
  );
  for (const [index, text] of Object.values(files).entries())
    await writeText(outputs[index]?.from ?? '', text);
  return { runId, job: 'my_job', fingerprint: `fingerprint of ${runId}`, outputs, kept: [], checks };
}

function someOutputFile(
  root: string,
  name: string,
  text: string,
  from: string,
  runId: string,
): PublishedOutput {
  const sha256 = createHash('sha256').update(text).digest('hex');
  const place = { root, url: join(root, name), from };
  return {
    step: 's',
    partition: {},
    unit: name,
    ...place,
    rows: 1,
    bytes: text.length,
    sha256,
    etag: undefined,
    runId,
  };
}

export async function writeText(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

/** Every file and folder below, but the run store, with what the files hold. */
export async function treeOf(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const found = entries.map(async (entry) => {
    const path = join(entry.parentPath, entry.name);
    return [relative(folder, path), entry.isFile() ? await readFile(path, 'utf8') : '(folder)'] as const;
  });
  const tree = (await Promise.all(found)).filter(([name]) => !name.startsWith('_pitwall'));
  return Object.fromEntries(tree.sort());
}

export const someCheck = (
  name: string,
  violations: number,
  severity: CheckResult['severity'] = 'error',
): CheckResult => ({
  name,
  severity,
  violations,
  examples: Array.from({ length: Math.min(violations, 10) }, (_, index) => `{"id":${index}}`),
});
