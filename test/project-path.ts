import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A path inside the project, for its sources as for what benchmarks compile of them. */
export function projectPath(...parts: readonly string[]): string {
  return join(rootAbove(dirname(fileURLToPath(import.meta.url))), ...parts);
}

function rootAbove(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : rootAbove(dirname(folder));
}
