import { PitwallError } from '../error.ts';
import type { Storage } from '../storage/storage.ts';
import type { PlannedFile } from './plan.ts';

/** A file as it is written: most lie where they are read, and the url is not said twice. */
export type WrittenFile = Omit<PlannedFile, 'path'> & { readonly path?: string };

export function toWritten({ path, ...file }: PlannedFile): WrittenFile {
  return path === file.url ? file : { ...file, path };
}

/** The same object, completed: a copy of a million would take four times the memory. */
export function fromWritten(file: WrittenFile): PlannedFile {
  return Object.assign(file, { path: file.path ?? file.url });
}

/** A JSON document a line. JSON has no raw line break, so that each stands for itself. */
export function toLines(values: readonly unknown[]): string {
  return values.map((value) => `${JSON.stringify(value)}\n`).join('');
}

/** The lines of an object, without empty ones. @throws PitwallError when it is missing */
export async function readLines(storage: Storage, url: string): Promise<string[]> {
  return splitLines(await readText(storage, url));
}

export function splitLines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

/** @throws PitwallError when the object is missing */
export async function readText(storage: Storage, url: string): Promise<string> {
  return Buffer.from(await storage.read(url)).toString('utf8');
}

export async function writeText(storage: Storage, url: string, text: string): Promise<void> {
  await storage.writeAtomic(url, Buffer.from(text));
}

/** Writes what does not change any more. @throws PitwallError (`temporary`) when other contents lie there */
export async function writeOnce(storage: Storage, url: string, text: string): Promise<void> {
  const outcome = await storage.writeAtomic(url, Buffer.from(text), { kind: 'absent' });
  if (outcome.kind === 'refused') await isWritten(storage, url, text);
}

/**
 * Whether the same lies there, as when a run is resumed.
 *
 * @throws PitwallError (`temporary`) for other contents, which are another driver's
 */
export async function isWritten(storage: Storage, url: string, text: string): Promise<boolean> {
  if ((await storage.head(url)) === undefined) return false;
  if ((await readText(storage, url)) === text) return true;
  const message = `${url} is there already, with other contents: another process works on the same run; run it again later`;
  throw new PitwallError('temporary', message);
}
