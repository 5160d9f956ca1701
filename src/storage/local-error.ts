import { PitwallError } from '../error.ts';

export type LocalAction = 'read' | 'list' | 'write' | 'delete';

const ADVICE: Record<string, string> = {
  EACCES: 'permission denied; check the rights of the file and of its folders',
  EPERM: 'permission denied; check the rights of the file and of its folders',
  EROFS: 'the file system is read-only; choose another folder',
  ENOENT: 'there is no such file or folder; check the path',
  EISDIR: 'it is a folder, expected a file; add a file name or a glob such as /*.csv',
  ENOTDIR: 'a part of the path is a file, expected a folder; check the path',
  ENOSPC: 'no space is left on the device; free some or choose another folder',
  EDQUOT: 'the disk quota is used up; free some space or choose another folder',
  EMFILE: 'too many files are open; raise the limit (ulimit -n)',
  ENFILE: 'too many files are open on this machine; run it again later',
  ENAMETOOLONG: 'the name is too long for the file system; shorten it',
  ELOOP: 'too many symbolic links; check the path',
};

/** A failed system call as a `PitwallError` that names the path and says what to do. Other errors stay as they are. */
export function localError(error: unknown, action: LocalAction, path: string): unknown {
  const code = errorCode(error);
  if (code === undefined) return error;
  const kind = action === 'write' || action === 'delete' ? 'output' : 'data';
  const advice = ADVICE[code] ?? `the system says ${code}`;
  return new PitwallError(kind, `cannot ${action} ${path}: ${advice}`, { cause: error });
}

export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
