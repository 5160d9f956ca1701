import { existsSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { PitwallError } from '../error.ts';

/** The release whose C API and behaviour Pitwall is written and tested against. */
export const SUPPORTED_VERSION = 'v1.5.';

const FILE_NAMES: Partial<Record<NodeJS.Platform, string>> = {
  linux: 'libduckdb.so',
  darwin: 'libduckdb.dylib',
  win32: 'duckdb.dll',
};

/**
 * The path of libduckdb: the file that `PITWALL_LIBDUCKDB` names, else the one inside the npm package
 * `@duckdb/node-bindings-<platform>-<arch>`.
 *
 * @throws PitwallError (`job`) when there is none
 */
export function findLibrary(environment: NodeJS.ProcessEnv = process.env): string {
  const named = environment.PITWALL_LIBDUCKDB;
  if (named === undefined || named === '') return findPackagedLibrary().path;
  if (existsSync(named)) return named;
  throw new PitwallError(
    'job',
    `libduckdb not found: PITWALL_LIBDUCKDB names ${named}, which does not exist; unset it to use the packaged one`,
  );
}

/** What tells this libduckdb from another, without loading it: its package's version, or its path, size and time. */
export function libraryIdentity(environment: NodeJS.ProcessEnv = process.env): string {
  const named = environment.PITWALL_LIBDUCKDB;
  if (named === undefined || named === '') return `duckdb ${findPackagedLibrary().version}`;
  const { size, mtimeMs } = statSync(findLibrary(environment));
  return `duckdb ${named} ${size} ${mtimeMs}`;
}

interface PackagedLibrary {
  readonly path: string;
  readonly version: string;
}

function findPackagedLibrary(): PackagedLibrary {
  const platform = `@duckdb/node-bindings-${process.platform}-${process.arch}`;
  const found = [platform, `${platform}-musl`].map(resolvePackaged).find((library) => library !== undefined);
  if (found !== undefined) return found;
  throw new PitwallError(
    'job',
    `libduckdb not found: the package ${platform} is not installed; run npm install with optional dependencies, or set PITWALL_LIBDUCKDB to a libduckdb ${SUPPORTED_VERSION}x`,
  );
}

function resolvePackaged(packageName: string): PackagedLibrary | undefined {
  const fileName = FILE_NAMES[process.platform] ?? 'libduckdb.so';
  try {
    const manifest = createRequire(import.meta.url).resolve(`${packageName}/package.json`);
    const path = join(dirname(manifest), fileName);
    const { version }: { version: string } = JSON.parse(readFileSync(manifest, 'utf8'));
    return existsSync(path) ? { path, version } : undefined;
  } catch {
    return undefined;
  }
}
