import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { projectPath } from './project-root.ts';

/** Writes `benchmarks/results/<name>.json`. */
export async function writeResult(name: string, result: object): Promise<void> {
  await writeResultFile(`${name}.json`, `${JSON.stringify(result, null, 2)}\n`);
}

/** Writes a file into benchmarks/results and gives its path. */
export async function writeResultFile(fileName: string, content: string): Promise<string> {
  return writeInto('benchmarks/results', fileName, content);
}

/** Writes a file into docs/figures and gives its path. */
export async function writeFigure(fileName: string, content: string): Promise<string> {
  return writeInto('docs/figures', fileName, content);
}

async function writeInto(folderName: string, fileName: string, content: string): Promise<string> {
  const folder = projectPath(folderName);
  await mkdir(folder, { recursive: true });
  const path = join(folder, fileName);
  await writeFile(path, content);
  return path;
}
