import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';
import type { Input } from '../../src/job/job.ts';

/** An input with the job file's defaults. `columns` is `{ name: type }`. */
export function someInput({ columns = { a: 'BIGINT', b: 'VARCHAR' }, ...rest }: InputChanges = {}): Input {
  return {
    name: 'things',
    paths: [],
    format: 'csv',
    pathColumns: [],
    nulls: [''],
    rowNumber: undefined,
    delimiter: ',',
    quote: '"',
    escape: '"',
    header: true,
    headerMatch: 'exact',
    dateFormat: undefined,
    timestampFormat: undefined,
    decimal: '.',
    thousands: undefined,
    encoding: 'utf-8',
    compression: 'auto',
    extraColumns: 'ignore',
    newlinesInValues: false,
    strict: true,
    allowEmpty: false,
    ...rest,
    columns: Object.entries(columns).map(([name, type]) => ({ name, type })),
  };
}

export type InputChanges = Partial<Omit<Input, 'columns'>> & { readonly columns?: Record<string, string> };

/** A fresh folder with these files, removed when the tests are done. */
export async function folderWith(files: Record<string, string | Uint8Array> = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'pitwall-input-'));
  folders.push(folder);
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return folder;
}

const folders: string[] = [];

afterAll(async () => {
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true })));
});
