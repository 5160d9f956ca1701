import type { RunFolder } from '../plan/run-folder.ts';
import { parseJson } from '../storage/parse-json.ts';
import type { Storage } from '../storage/storage.ts';

/** Writes, before tasks are handed over, that they may be at work from now on. */
export async function noteSubmission(
  storage: Storage,
  folder: RunFolder,
  id: string,
  engine: string,
): Promise<void> {
  await storage.writeAtomic(folder.submission(id), Buffer.from(JSON.stringify({ version: 1, engine })));
}

/** Takes the notes away: none of the tasks runs any more, or what they do cannot matter. */
export async function forgetSubmissions(
  storage: Storage,
  folder: RunFolder,
  ids: Iterable<string>,
): Promise<void> {
  for (const id of ids) await storage.delete(folder.submission(id));
}

/** The ids of what drivers of this run, of this engine or of all, handed over and may still be at work. */
export async function listSubmissions(
  storage: Storage,
  folder: RunFolder,
  engine?: string,
): Promise<string[]> {
  const ids: string[] = [];
  for await (const { url } of storage.listFolder(folder.submissions)) {
    const [, id] = /\/([^/.]+)\.json$/.exec(url) ?? [];
    if (id === undefined) continue;
    if (engine === undefined || engineOf(await storage.read(url)) === engine) ids.push(id);
  }
  return ids;
}

function engineOf(bytes: Uint8Array): unknown {
  const note = parseJson(bytes);
  return typeof note === 'object' && note !== null && 'engine' in note ? note.engine : undefined;
}
