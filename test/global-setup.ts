import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SOURCES = ['src', 'package.json', 'tsconfig.json', 'rolldown.config.mjs', 'keep-code.mjs'];

/** Builds dist/, which the end-to-end and library tests run, once before all tests; not when it is newer than its sources. */
export default function setUp(): void {
  if (newestMs(SOURCES) < builtMs()) return;
  execFileSync('npm', ['run', 'build'], { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
}

/** A folder's own time tells of files that are gone. */
function newestMs(paths: readonly string[]): number {
  const inside = paths
    .filter((path) => statSync(ROOT + path).isDirectory())
    .flatMap((path) => readdirSync(ROOT + path, { recursive: true }).map((name) => `${path}/${name}`));
  return Math.max(...[...paths, ...inside].map((path) => statSync(ROOT + path).mtimeMs));
}

function builtMs(): number {
  return statSync(`${ROOT}dist/cli.cjs`, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
