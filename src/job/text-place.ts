import { isAbsolute, relative } from 'node:path';
import type { Place } from '../error.ts';
import { isRemote } from '../storage/is-remote.ts';

/** The place of a character (an offset in UTF-16 units, as editors count columns) in a file's text. */
export function textPlace(file: string, text: string, offset: number): Place {
  const before = text.slice(0, offset).split(/\r\n|\r|\n/);
  return { file, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

/** A path as a person in `cwd` would type it: relative when it lies inside, else as it is. */
export function shownPath(path: string, cwd: string): string {
  if (isRemote(path)) return path;
  const inside = relative(cwd, path);
  return inside === '' || inside.startsWith('..') || isAbsolute(inside) ? path : inside;
}
