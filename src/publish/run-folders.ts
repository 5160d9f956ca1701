import { mkdir, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Job } from '../job/job.ts';
import { makeFolder, outputError } from './publish-files.ts';

/** The folders that a run works in: one beside the outputs of each root, on the same file system. */
export interface RunFolders {
  readonly scratch: string;
  stagingFolder(root: string): string;
  backupFolder(root: string): string;
  /** Takes away every folder and file of the run that is not published; safe to call twice. */
  remove(): Promise<void>;
}

/**
 * Makes a run's folders, `<root>/_pitwall/<job>/runs/<run id>/`, and so proves that the roots can be written.
 *
 * @throws PitwallError (`output`) when one cannot; what was made before is taken away
 */
export async function makeRunFolders(job: Job, runId: string): Promise<RunFolders> {
  const roots = [...new Set(job.steps.flatMap(({ output }) => (output === undefined ? [] : [output.root])))];
  const folderOf = (root: string) => join(root, '_pitwall', job.name, 'runs', runId);
  const made: string[] = [];
  const undo: (() => Promise<void>)[] = [];
  const folders: RunFolders = {
    scratch: join(folderOf(roots[0] ?? job.folder), 'scratch'),
    stagingFolder: (root) => join(folderOf(root), 'staged'),
    backupFolder: (root) => join(folderOf(root), 'backup'),
    remove: () => removeFolders(made, undo),
  };
  try {
    for (const root of roots) {
      await makeRunFolder(root, folderOf(root), undo);
      made.push(folderOf(root));
      await makeRootFolders(root, folders);
    }
    await mkdir(folders.scratch, { recursive: true });
    return folders;
  } catch (error) {
    await folders.remove();
    throw error;
  }
}

async function makeRunFolder(root: string, folder: string, undo: (() => Promise<void>)[]): Promise<void> {
  try {
    await makeFolder(folder, undo);
  } catch (cause) {
    throw outputError(root, cause);
  }
}

async function makeRootFolders(root: string, folders: RunFolders): Promise<void> {
  try {
    await mkdir(folders.stagingFolder(root));
    await mkdir(folders.backupFolder(root));
    await writeFile(join(folders.backupFolder(root), '.probe'), '');
  } catch (cause) {
    throw outputError(root, cause);
  }
}

/** Folders that this run made and that are empty now go as well, the innermost first. */
async function removeFolders(runFolders: readonly string[], undo: (() => Promise<void>)[]): Promise<void> {
  for (const folder of runFolders) {
    await rm(folder, { recursive: true, force: true });
    await removeIfEmpty(dirname(folder), OWN_LEVELS);
  }
  for (const step of undo.splice(0).reverse()) await step();
}

/** `runs`, the job's folder and `_pitwall`: of runs side by side, the last one takes them away. */
const OWN_LEVELS = 3;

async function removeIfEmpty(folder: string, levels: number): Promise<void> {
  if (levels === 0) return;
  const isGone = await rmdir(folder).then(
    () => true,
    () => false,
  );
  if (isGone) await removeIfEmpty(dirname(folder), levels - 1);
}
