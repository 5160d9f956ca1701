import { PitwallError } from '../error.ts';
import type { Input, Job } from '../job/job.ts';
import type { Storage, StoredObject } from '../storage/storage.ts';
import { mapConcurrent } from './map-concurrent.ts';
import { pathReader, templateGlob } from './path-values.ts';

export interface ListedFile extends StoredObject {
  readonly pathValues: readonly (string | null)[];
}

/** In a store, each waits most of the time. */
export const INPUTS_AT_ONCE = 4;

/** The files of each input, by its name. */
export type ListedInputs = ReadonlyMap<string, readonly ListedFile[]>;

/** The files of every input of a job; none is opened. @throws PitwallError (`data`) as `listInput` does */
export async function listInputs(storage: Storage, { inputs }: Pick<Job, 'inputs'>): Promise<ListedInputs> {
  const listed = await mapConcurrent(inputs, INPUTS_AT_ONCE, (input) => listInput(storage, input));
  return new Map(inputs.map(({ name }, index) => [name, listed[index] ?? []]));
}

/**
 * The files of an input: as its paths are written, byte-wise by url within each, every file once.
 * Files of 0 bytes are left out under `allow_empty` and are an error otherwise.
 *
 * @throws PitwallError (`data`) when a path matches nothing, a file is empty, or a path lacks a partition's value
 */
export async function listInput(storage: Storage, input: Input): Promise<ListedFile[]> {
  const files = new Map<string, ListedFile>();
  for (const template of input.paths) {
    for (const file of await listPath(storage, input, template))
      if (!files.has(file.url)) files.set(file.url, file);
  }
  return [...files.values()].filter((file) => hasBytes(file, input));
}

async function listPath(storage: Storage, input: Input, template: string): Promise<ListedFile[]> {
  const files: ListedFile[] = [];
  const valuesOf = sharingReader(template, input.pathColumns);
  for await (const { url, sizeBytes, etag } of storage.list(templateGlob(template, input.pathColumns)))
    files.push({ url, sizeBytes, etag, pathValues: valuesOf(url) });
  if (files.length === 0) throw await nothingMatches(storage, input.name, template);
  return files;
}

/** Reads paths' values; equal ones are one array, since a million files of a partitioned input have few. */
function sharingReader(
  template: string,
  columns: readonly string[],
): (url: string) => ListedFile['pathValues'] {
  const read = pathReader(template, columns);
  const known = new Map<string, ListedFile['pathValues']>();
  return (url) => {
    const values = read(url);
    const key = JSON.stringify(values);
    const shared = known.get(key) ?? values;
    known.set(key, shared);
    return shared;
  };
}

/** `head` throws where the path is one of a folder. */
async function nothingMatches(storage: Storage, name: string, template: string): Promise<PitwallError> {
  await storage.head(template);
  const folder = await storage.nearestFolder(template);
  const found = folder === undefined ? 'none of its folders exists' : `the folder ${folder} exists`;
  return new PitwallError(
    'data',
    `input "${name}": no file matches ${template}; ${found}: check the path and the --set values`,
  );
}

function hasBytes({ url, sizeBytes }: ListedFile, { name, allowEmpty }: Input): boolean {
  if (sizeBytes > 0) return true;
  if (allowEmpty) return false;
  const message = `empty file in input "${name}": expected data, got 0 bytes; remove the file or set allow_empty: true`;
  throw new PitwallError('data', message, { place: { file: url } });
}
