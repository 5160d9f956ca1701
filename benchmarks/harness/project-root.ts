import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's folder, as seen from dist-bench/benchmarks/harness, where this file is compiled to. */
const PROJECT_ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** A path inside the project. */
export function projectPath(...parts: string[]): string {
  return join(PROJECT_ROOT, ...parts);
}
