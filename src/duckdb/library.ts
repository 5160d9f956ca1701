import koffi, { type LibraryHandle } from 'koffi';
import { PitwallError } from '../error.ts';
import { findLibrary, SUPPORTED_VERSION } from './library-path.ts';

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

function openLibrary(path: string): LibraryHandle {
  try {
    // Tens of thousands of names are looked up when they are called, and not each time that a process starts.
    return koffi.load(path, { lazy: true });
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
