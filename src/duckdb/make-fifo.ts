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

/** Of fcntl.h on Linux. */
const F_SETPIPE_SZ = 1031;
/** What an unprivileged process may ask for, unless the system says otherwise. */
const WIDE_BYTES = 1024 * 1024;

let fcntl: ((file: number, command: number, type: string, value: number) => number) | undefined;

/**
 * Lets an open pipe hold more at a time than the usual 64 kB, where the system can; its writer is woken less often then.
 * https://man7.org/linux/man-pages/man2/F_GETPIPE_SZ.2const.html
 */
export function widenFifo(file: number): void {
  if (process.platform !== 'linux') return;
  fcntl ??= koffi.load(null).func('int fcntl(int fd, int cmd, ...)');
  fcntl(file, F_SETPIPE_SZ, 'int', WIDE_BYTES);
}
