import { PitwallError } from '../error.ts';

export type LocalAction = 'read' | 'list' | 'write' | 'delete';

const ADVICE: Record<string, string> = {
  EACCES: 'permission denied; check the rights of the file and of its folders',
  EPERM: 'permission denied; check the rights of the file and of its folders',
  ENOENT: 'there is no such file or folder; check the path',
  EISDIR: 'it is a folder, expected a file; add a file name or a glob such as /*.csv',
  ENOTDIR: 'a part of the path is a file, expected a folder; check the path',
  EMFILE: 'too many files are open; raise the limit (ulimit -n)',
  ENFILE: 'too many files are open on this machine; run it again later',
  ENAMETOOLONG: 'the name is too long for the file system; shorten it',
  ELOOP: 'too many symbolic links; check the path',
};

const OUTPUT_ADVICE: Record<string, string> = {
  ...ADVICE,
  EACCES: 'permission is denied; give this user the right to write there, or change the output path',
  EPERM: 'permission is denied; give this user the right to write there, or change the output path',
  ENOENT: 'nothing can be made there; change the output path',
  EROFS: 'the file system is read-only; change the output path',
  ENOSPC: 'the disk is full; make room, or change the output path',
  EDQUOT: 'the disk quota is used up; make room, or change the output path',
  EISDIR: "a folder has this name; move it away or change the output's path",
  ENOTDIR: 'a part of the path is a file, not a folder; change the output path',
  EEXIST: 'a part of the path is a file, not a folder; change the output path',
};

/** A failed system call as a `PitwallError` that names the path and says what to do. Other errors stay as they are. */
export function localError(error: unknown, action: LocalAction, path: string): unknown {
  const code = errorCode(error);
  if (code === undefined) return error;
  if (action === 'write') return outputError(path, error);
  const advice = ADVICE[code] ?? `the system says ${code}`;
  const kind = action === 'delete' ? 'output' : 'data';
  return new PitwallError(kind, `cannot ${action} ${path}: ${advice}`, { cause: error });
}

/** The failure to write a file or folder, said for a person. */
export function outputError(path: string, cause: unknown): PitwallError {
  if (cause instanceof PitwallError) return cause;
  const reason =
    OUTPUT_ADVICE[errorCode(cause) ?? ''] ?? (cause instanceof Error ? cause.message : String(cause));
  return new PitwallError('output', `cannot write ${path}: ${reason}`, { cause });
}

export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** The path that a failed system call was about, where the error has it. */
export function errorPath(error: unknown): string | undefined {
  return error instanceof Error && 'path' in error ? String(error.path) : undefined;
}
