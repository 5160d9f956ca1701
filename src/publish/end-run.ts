import { rm } from 'node:fs/promises';
import { readRecordAt } from '../execute/commit-record.ts';
import { mapConcurrent } from '../plan/map-concurrent.ts';
import type { RunFolder } from '../plan/run-folder.ts';
import { settleAll } from '../plan/settle-all.ts';
import type { Storage } from '../storage/storage.ts';
import { openManifestLog } from './manifest-log.ts';

const TASKS_AT_ONCE = 16;

/** Takes away what a run that published leaves in scratch, and the files of attempts that are not their task's record. */
export async function tidyPublished(storage: Storage, folder: RunFolder): Promise<void> {
  const folders = ['logs', 'submissions'].map((name) => storage.deleteFolder(`${folder.url}/${name}`));
  await settleAll([tidy(storage, folder), ...folders]);
}

/**
 * The same of a run that did not publish; one that committed nothing leaves nothing. Tasks that may still be at work
 * somewhere could commit what is taken away here: then all of it stays.
 */
export async function tidyFailed(storage: Storage, folder: RunFolder): Promise<void> {
  if (await isAny(storage, folder.submissions)) return;
  const hasCommitted = await tidy(storage, folder);
  if (!hasCommitted && !(await isAny(storage, `${folder.url}/records`))) await removeRun(storage, folder);
}

/** Whether a run that ended has left a folder to go on with. */
export async function isRunLeft(storage: Storage, { plan }: RunFolder): Promise<boolean> {
  return (await storage.head(plan).catch(() => undefined)) !== undefined;
}

async function tidy(storage: Storage, folder: RunFolder): Promise<boolean> {
  await rm(folder.scratch, { recursive: true, force: true });
  const [hasCommitted] = await settleAll([
    tidyAttempts(storage, folder),
    storage.deleteFolder(`${folder.url}/failures`),
    storage.deleteUnfinished(`${folder.url}/records`),
    removeBackups(storage, folder),
  ]);
  return hasCommitted;
}

/** Whether any task has committed. */
async function tidyAttempts(storage: Storage, folder: RunFolder): Promise<boolean> {
  const tasks = await listAttempts(storage, folder);
  const tidied = await mapConcurrent([...tasks], TASKS_AT_ONCE, ([task, attempts]) =>
    tidyTask(storage, folder, task, attempts),
  );
  return tidied.includes('committed');
}

type Attempts = ReadonlyMap<string, readonly string[]>;

/** The urls of each attempt's files, by task and attempt. */
async function listAttempts(storage: Storage, { url }: RunFolder): Promise<ReadonlyMap<string, Attempts>> {
  const tasks = new Map<string, Map<string, string[]>>();
  for await (const object of storage.listFolder(`${url}/attempts`)) {
    const [task = '', attempt = ''] = object.url.slice(`${url}/attempts/`.length).split('/');
    const attempts = tasks.get(task) ?? new Map<string, string[]>();
    const urls = attempts.get(attempt) ?? [];
    urls.push(object.url);
    tasks.set(task, attempts.set(attempt, urls));
  }
  return tasks;
}

/** Only of several attempts has the record to be read to know which one won. */
async function tidyTask(
  storage: Storage,
  folder: RunFolder,
  task: string,
  attempts: Attempts,
): Promise<'committed' | 'failed'> {
  const place = task.lastIndexOf('-');
  const url = folder.record(task.slice(0, place), Number(task.slice(place + 1)));
  const isCommitted = (await storage.head(url)) !== undefined;
  if (isCommitted && attempts.size === 1) return 'committed';
  const winner = isCommitted ? (await readRecordAt(storage, url))?.attempt : undefined;
  for (const [attempt, urls] of attempts)
    if (attempt !== winner) for (const file of urls) await storage.delete(file);
  return isCommitted ? 'committed' : 'failed';
}

/** What an announcement that is still to be carried out may put back stays. */
async function removeBackups(storage: Storage, { store, url }: RunFolder): Promise<void> {
  const manifest = await openManifestLog(storage, store).latest();
  if (manifest?.publishing === undefined) await storage.deleteFolder(`${url}/backup`);
}

async function isAny(storage: Storage, folder: string): Promise<boolean> {
  for await (const _ of storage.listFolder(folder)) return true;
  return false;
}

async function removeRun(storage: Storage, folder: RunFolder): Promise<void> {
  await storage.deleteFolder(folder.url);
  await storage.pruneFolders(folder.url, folder.store);
}
