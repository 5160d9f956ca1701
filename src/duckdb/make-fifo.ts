import koffi from 'koffi';

const OWNER_ONLY = 0o600;

let mkfifo: ((path: string, mode: number) => number) | undefined;

/**
 * Makes a named pipe, which DuckDB reads like a file whose bytes are still to come. False where there can be none.
 * https://man7.org/linux/man-pages/man3/mkfifo.3.html
 */
export function makeFifo(path: string): boolean {
  if (process.platform === 'win32') return false;
  mkfifo ??= koffi.load(null).func('int mkfifo(const char *path, uint mode)');
  return mkfifo(path, OWNER_ONLY) === 0;
}
