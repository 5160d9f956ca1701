import { PitwallError } from '../error.ts';
import { reach } from '../fault-point.ts';
import { mapConcurrent } from '../plan/map-concurrent.ts';
import type { RunFolder } from '../plan/run-folder.ts';
import { createOnce, readIfThere } from '../storage/create-once.ts';
import { objectsAtOnce } from '../storage/is-remote.ts';
import { jsonBytes } from '../storage/json-bytes.ts';
import { isOfVersion, parseJson } from '../storage/parse-json.ts';
import type { Storage } from '../storage/storage.ts';
import type { TaskRecord } from './record.ts';

/** `superseded`: another attempt committed first; `record` is its record, in place of the one given. */
export interface CommitOutcome {
  readonly kind: 'committed' | 'superseded';
  readonly record: TaskRecord;
}

/**
 * Commits a task: creates its record where none lies, so that of any number of attempts one is in force.
 *
 * @throws PitwallError (`temporary`) when it cannot be told whether it was committed; nothing may be deleted then
 */
export async function commitRecord(
  storage: Storage,
  folder: RunFolder,
  record: TaskRecord,
): Promise<CommitOutcome> {
  const url = folder.record(record.stepId, record.index);
  reach('commit: before record');
  const outcome = await createOnce(storage, url, jsonBytes(record));
  reach('commit: after record');
  if (outcome.kind === 'created') return { kind: 'committed', record };
  const theirs = parseRecord(url, outcome.bytes);
  return { kind: theirs.attempt === record.attempt ? 'committed' : 'superseded', record: theirs };
}

/** The record at a url, as a run folder or a manifest names it; `undefined` when there is none. @throws PitwallError when it cannot be read */
export async function readRecordAt(storage: Storage, url: string): Promise<TaskRecord | undefined> {
  const bytes = await readIfThere(storage, url);
  return bytes === undefined ? undefined : parseRecord(url, bytes);
}

/** The records of all committed tasks of a step, in the order of the tasks. @throws PitwallError */
export async function readRecords(
  storage: Storage,
  folder: RunFolder,
  stepId: string,
): Promise<TaskRecord[]> {
  const urls: string[] = [];
  for await (const { url } of storage.listFolder(folder.records(stepId)))
    if (/\/\d+\.json$/.test(url)) urls.push(url);
  const records = await mapConcurrent(urls, objectsAtOnce(folder.url), async (url) =>
    parseRecord(url, await storage.read(url)),
  );
  return records.sort((a, b) => a.index - b.index);
}

function parseRecord(url: string, bytes: Uint8Array | undefined): TaskRecord {
  const record = bytes === undefined ? undefined : parseJson(bytes);
  if (isRecord(record)) return record;
  throw new PitwallError(
    'data',
    `${url}: expected the record of a task, got something else; delete the run's folder and run the job again`,
  );
}

function isRecord(value: unknown): value is TaskRecord {
  return isOfVersion(value, 1);
}
