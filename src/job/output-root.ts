import type { PathPart } from './job.ts';

/** An output's path, cut where the folder ends that no value may leave. */
export interface OutputLocation {
  readonly root: string;
  readonly path: readonly PathPart[];
}

/**
 * Cuts a rendered path into its root and the rest. The root is the param that leads the path (`${out}/…`), or else
 * the folders before the first file name, column or run id.
 *
 * @param leadLength - the length of the leading param's value; 0 when the path starts with text
 */
export function splitRoot(parts: readonly PathPart[], leadLength: number): OutputLocation {
  const [first, ...rest] = parts;
  if (first?.kind !== 'text') return { root: '.', path: parts };
  const end = rootLength(first.text, leadLength);
  const after = first.text.slice(end).replace(/^\/+/, '');
  const path = after === '' ? rest : [{ kind: 'text' as const, text: after }, ...rest];
  return { root: first.text.slice(0, end) || (first.text.startsWith('/') ? '/' : '.'), path };
}

/** A lead that is a whole folder counts; of any other only its folders do. */
function rootLength(text: string, leadLength: number): number {
  const leadIsFolder = leadLength > 0 && (text[leadLength] === '/' || text[leadLength - 1] === '/');
  return leadIsFolder ? leadLength : Math.max(0, text.slice(0, leadLength || undefined).lastIndexOf('/'));
}

/**
 * What is wrong with where an output goes; `undefined` when nothing is. Only the param that leads the path may hold
 * `..`: who sets it chooses the root.
 */
export function locationProblem(
  parts: readonly PathPart[],
  leadLength: number,
  { root, path }: OutputLocation,
): string | undefined {
  if (joinParts(parts).slice(leadLength).split('/').includes('..')) {
    return 'the path climbs out of its folder by ".."; put the folder itself into the param that leads the path';
  }
  const file = joinParts(path);
  if (file === '' || file.endsWith('/'))
    return 'the path names a folder; expected a file, like stats_{year}.json';
  if (/^[a-z][a-z0-9+.-]+:\/*$/i.test(root))
    return 'the path has to name its bucket; a partition cannot be one';
  return undefined;
}

function joinParts(parts: readonly PathPart[]): string {
  return parts.map((part) => (part.kind === 'text' ? part.text : '{}')).join('');
}
