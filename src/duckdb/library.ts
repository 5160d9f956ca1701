import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import koffi, { type LibraryHandle } from 'koffi';
import { PitwallError } from '../error.ts';

/** The release whose C API and behaviour Pitwall is written and tested against. */
export const SUPPORTED_VERSION = 'v1.5.';

const FILE_NAMES: Partial<Record<NodeJS.Platform, string>> = {
  linux: 'libduckdb.so',
  darwin: 'libduckdb.dylib',
  win32: 'duckdb.dll',
};

/**
 * Loads libduckdb: the file that `PITWALL_LIBDUCKDB` names, else the one inside the npm package
 * `@duckdb/node-bindings-<platform>-<arch>`.
 *
 * @throws PitwallError (`job`) when there is none, it cannot be loaded, or it is of another release.
 */
export function loadLibrary(environment: NodeJS.ProcessEnv = process.env): LibraryHandle {
  const path = findLibrary(environment);
  const library = openLibrary(path);
  checkVersion(library, path);
  return library;
}

function findLibrary(environment: NodeJS.ProcessEnv): string {
  const named = environment.PITWALL_LIBDUCKDB;
  if (named === undefined || named === '') return findPackagedLibrary();
  if (existsSync(named)) return named;
  throw new PitwallError(
    'job',
    `libduckdb not found: PITWALL_LIBDUCKDB names ${named}, which does not exist; unset it to use the packaged one`,
  );
}

function findPackagedLibrary(): string {
  const platform = `@duckdb/node-bindings-${process.platform}-${process.arch}`;
  const found = [platform, `${platform}-musl`].map(resolvePackagedLibrary).find((path) => path !== undefined);
  if (found !== undefined) return found;
  throw new PitwallError(
    'job',
    `libduckdb not found: the package ${platform} is not installed; run npm install with optional dependencies, or set PITWALL_LIBDUCKDB to a libduckdb ${SUPPORTED_VERSION}x`,
  );
}

function resolvePackagedLibrary(packageName: string): string | undefined {
  const fileName = FILE_NAMES[process.platform] ?? 'libduckdb.so';
  try {
    const manifest = createRequire(import.meta.url).resolve(`${packageName}/package.json`);
    const path = join(dirname(manifest), fileName);
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

function openLibrary(path: string): LibraryHandle {
  try {
    return koffi.load(path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new PitwallError('job', `libduckdb cannot be loaded from ${path}: ${reason}`, { cause });
  }
}

function checkVersion(library: LibraryHandle, path: string): void {
  const version = readVersion(library);
  if (version?.startsWith(SUPPORTED_VERSION)) return;
  throw new PitwallError(
    'job',
    `libduckdb mismatch: ${path} is ${version ?? 'no libduckdb'}, expected ${SUPPORTED_VERSION}x; unset PITWALL_LIBDUCKDB to use the packaged one`,
  );
}

function readVersion(library: LibraryHandle): string | undefined {
  try {
    const version: unknown = library.func('const char* duckdb_library_version()')();
    return typeof version === 'string' ? version : undefined;
  } catch {
    return undefined;
  }
}
