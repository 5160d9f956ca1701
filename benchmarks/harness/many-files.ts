import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const ROWS_PER_FILE = 5;
const CONCURRENT_FOLDERS = 16;

/** Writes tiny CSV files, `part=<n>/<m>.csv` with so many in each folder, for the job many_files. */
export async function writeManyFiles(source: string, files: number, filesPerFolder = 1): Promise<void> {
  const waiting = Array.from({ length: Math.ceil(files / filesPerFolder) }, (_, part) => part).reverse();
  const work = async () => {
    for (let part = waiting.pop(); part !== undefined; part = waiting.pop())
      await writeFolder(
        source,
        part,
        Math.min(filesPerFolder, files - part * filesPerFolder),
        filesPerFolder,
      );
  };
  await Promise.all(Array.from({ length: CONCURRENT_FOLDERS }, work));
}

async function writeFolder(source: string, part: number, count: number, perFolder: number): Promise<void> {
  const folder = join(source, `part=${part}`);
  await mkdir(folder, { recursive: true });
  for (let index = 0; index < count; index++)
    await writeFile(join(folder, `${index}.csv`), rowsOf(part * perFolder + index));
}

function rowsOf(file: number): string {
  const first = file * ROWS_PER_FILE;
  const rows = Array.from({ length: ROWS_PER_FILE }, (_, row) => `${first + row},${row / 2}\n`);
  return `id,value\n${rows.join('')}`;
}
