import { randomUUID } from 'node:crypto';
import { copyFile, link, mkdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PitwallError } from '../error.ts';
import { syncFolder } from '../storage/local.ts';

/** A staged file and the name that it gets. Both lie on one file system. */
export interface PublishedFile {
  readonly stagedPath: string;
  readonly path: string;
  /** An existing folder on the same file system, which the caller removes afterwards. */
  readonly backupFolder: string;
}

/**
 * Gives every staged file its name, or none: when one cannot be had, the names that were given are taken back
 * and what lay there before lies there again.
 *
 * @throws PitwallError (`output`) naming the file
 */
export async function publishFiles(files: readonly PublishedFile[]): Promise<void> {
  const undo: (() => Promise<void>)[] = [];
  try {
    for (const file of files) await publishFile(file, undo);
    for (const folder of new Set(files.map(({ path }) => dirname(path)))) await syncFolder(folder);
  } catch (error) {
    throw await undoAll(undo, error);
  }
}

/** Takes back every step, whatever becomes of the others; gives the error to throw. */
async function undoAll(undo: (() => Promise<void>)[], error: unknown): Promise<unknown> {
  const outcomes: PromiseSettledResult<void>[] = [];
  for (const step of undo.reverse()) outcomes.push(...(await Promise.allSettled([step()])));
  const reasons = outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' ? [String(outcome.reason)] : [],
  );
  if (reasons.length === 0) return error;
  const message = `${String(error)}; and what was published before could not be put back everywhere: ${reasons.join(', ')}`;
  return new PitwallError('output', message, { cause: error });
}

async function publishFile(
  { stagedPath, path, backupFolder }: PublishedFile,
  undo: (() => Promise<void>)[],
): Promise<void> {
  try {
    await makeFolder(dirname(path), undo);
    const backup = await keepBackup(path, backupFolder);
    await rename(stagedPath, path);
    undo.push(() => (backup === undefined ? rm(path, { force: true }) : rename(backup, path)));
  } catch (cause) {
    throw outputError(path, cause);
  }
}

/** Makes the missing folders of a path, the outermost first. Node's own `recursive` never returns below /proc. */
export async function makeFolder(folder: string, undo: (() => Promise<void>)[]): Promise<void> {
  if (await exists(folder)) return;
  await makeFolder(dirname(folder), undo);
  try {
    await mkdir(folder);
    undo.push(() => rmdir(folder).catch(() => undefined));
  } catch (error) {
    if (!(await wasRaced(folder))) throw error;
    await makeFolder(folder, undo);
  }
}

/** Whether another run made the folder, or took its empty parent away, at the same moment. */
async function wasRaced(folder: string): Promise<boolean> {
  return (await exists(folder)) || !(await exists(dirname(folder)));
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );
}

/** A second name for what lies at the path, or a copy where the file system has no links. */
async function keepBackup(path: string, backupFolder: string): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return undefined;
  if (!found.isFile())
    throw new PitwallError(
      'output',
      `cannot write ${path}: a folder has this name; move it away or change the output's path`,
    );
  const backup = join(backupFolder, `${randomUUID()}.backup`);
  await link(path, backup).catch(() => copyFile(path, backup));
  return backup;
}

const REASONS: Record<string, string> = {
  EACCES: 'permission is denied; give this user the right to write there, or change the output path',
  EPERM: 'permission is denied; give this user the right to write there, or change the output path',
  ENOENT: 'nothing can be made there; change the output path',
  EROFS: 'the file system is read-only; change the output path',
  ENOSPC: 'the disk is full; make room, or change the output path',
  EDQUOT: 'the disk quota is used up; make room, or change the output path',
  ENOTDIR: 'a part of the path is a file, not a folder; change the output path',
  EEXIST: 'a part of the path is a file, not a folder; change the output path',
  ENAMETOOLONG: 'the name is too long for the file system; shorten it',
};

/** The failure to write a file or folder, said for a person. */
export function outputError(path: string, cause: unknown): PitwallError {
  if (cause instanceof PitwallError) return cause;
  const code = (cause as NodeJS.ErrnoException).code ?? '';
  const reason = REASONS[code] ?? (cause instanceof Error ? cause.message : String(cause));
  return new PitwallError('output', `cannot write ${path}: ${reason}`, { cause });
}
