import { globMatcher, isGlob } from './glob.ts';

/** The parts of a pattern between the slashes, and where a listing has to look for it. */
export interface KeyPattern {
  /** The keys that match all begin so. */
  readonly prefix: string;
  /** What stands behind each slash; a last one of `**` may cross slashes. */
  readonly segments: readonly string[];
  /** Whether the number of segments is not known, so that all below the prefix has to be looked at. */
  readonly isDeep: boolean;
}

/** What a pattern of keys says about where its matches lie. */
export function keyPattern(pattern: string): KeyPattern {
  const all = splitSegments(pattern);
  const first = all.findIndex(isGlob);
  const fixed = all.slice(0, first);
  const segments = all.slice(first);
  const prefix = fixed.map((segment) => `${segment}/`).join('');
  return { prefix, segments, isDeep: segments.some((segment) => /\*\*|\//.test(segment)) };
}

/** Slashes inside of braces or brackets separate nothing. */
function splitSegments(pattern: string): string[] {
  const segments = [''];
  let depth = 0;
  for (const character of pattern) {
    if (character === '{') depth += 1;
    if (character === '}') depth = Math.max(0, depth - 1);
    if (character === '/' && depth === 0) segments.push('');
    else segments[segments.length - 1] += character;
  }
  return segments;
}

/** The characters that every match of a segment begins with. */
export function literalHead(segment: string): string {
  return /^[^*?[\]{}\\!()+@]*/.exec(segment)?.[0] ?? '';
}

/** A test of one segment, by the rules of whole patterns. */
export function segmentMatcher(segment: string): (name: string) => boolean {
  return isGlob(segment) ? globMatcher(segment) : (name) => name === segment;
}
