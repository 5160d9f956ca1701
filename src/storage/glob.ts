import picomatch from 'picomatch';

const GLOB_CHARACTERS = /[*?[\]{}]/;

/** Whether a path or url holds characters of a glob. */
export function isGlob(pattern: string): boolean {
  return GLOB_CHARACTERS.test(pattern);
}

/** The folder that every match lies in, for listing: what stands before the first segment with a glob. */
export function globRoot(pattern: string): string {
  const segments = pattern.split('/');
  const first = segments.findIndex(isGlob);
  return segments.slice(0, first < 0 ? -1 : first).join('/') || '/';
}

/** A test of whole urls. `*` and `?` stay within a segment and do not match a leading dot; `**` crosses segments. */
export function globMatcher(pattern: string): (url: string) => boolean {
  const matches = picomatch(pattern, { nonegate: true, noextglob: true, strictSlashes: true });
  return (url) => matches(url);
}

/** How many folders below `globRoot` a match can lie: 1 for `*.csv`, `Infinity` with `**`. */
export function globDepth(pattern: string): number {
  if (pattern.includes('**')) return Number.POSITIVE_INFINITY;
  const below = pattern.slice(globRoot(pattern).length).split('/').filter(Boolean);
  return /\{[^}]*\/[^}]*\}/.test(pattern) ? Number.POSITIVE_INFINITY : below.length;
}

const SURROGATE = /[\ud800-\udfff]/;

/** The order of urls everywhere: by their UTF-8 bytes, as object stores list them. */
export function compareUrls(a: string, b: string): number {
  if (a === b) return 0;
  // Without surrogates JavaScript's own order is the same.
  if (SURROGATE.test(a) || SURROGATE.test(b)) return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : 1;
}
