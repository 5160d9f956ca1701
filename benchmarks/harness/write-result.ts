import { mkdir, writeFile } from 'node:fs/promises';
import { projectPath } from './project-root.ts';

/** Writes `benchmarks/results/<name>.json`. */
export async function writeResult(name: string, result: object): Promise<void> {
  await writeResultFile(`${name}.json`, `${JSON.stringify(result, null, 2)}\n`);
}

/** Writes a file into benchmarks/results and gives its path. */
export async function writeResultFile(fileName: string, content: string): Promise<string> {
  const folder = projectPath('benchmarks/results');
  await mkdir(folder, { recursive: true });
  const path = projectPath('benchmarks/results', fileName);
  await writeFile(path, content);
  return path;
}
