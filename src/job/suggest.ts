import { distance } from 'fastest-levenshtein';

const LISTED = 12;

/** The name among `known` that a person most likely meant, if one is near enough: about one slip in three letters. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((candidate) => ({ candidate, slips: countSlips(candidate.toLowerCase(), name.toLowerCase()) }))
    .filter(({ candidate, slips }) => slips <= allowedSlips(candidate.length))
    .sort((a, b) => a.slips - b.slips);
  return ranked[0]?.candidate;
}

function allowedSlips(length: number): number {
  return Math.min(length - 1, Math.max(1, Math.floor(length / 3)));
}

/** Letters in another order count as one slip: `cvs` for `csv`. */
function countSlips(a: string, b: string): number {
  const sorted = (text: string) => [...text].sort().join('');
  return a !== b && sorted(a) === sorted(b) ? 1 : distance(a, b);
}

/** The end of a message about an unknown name: `did you mean "x"?`, or else what exists: `expected a, b or c`. */
export function suggest(name: string, known: readonly string[]): string {
  const meant = nearest(name, known);
  if (meant !== undefined) return `did you mean "${meant}"?`;
  return known.length === 0 ? 'there is none' : `expected ${oneOf(known)}`;
}

/** `a, b or c`, cut after a dozen. */
export function oneOf(names: readonly string[]): string {
  if (names.length > LISTED)
    return `${names.slice(0, LISTED).join(', ')} or one of ${names.length - LISTED} more`;
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}

/** Finds a name as DuckDB does: the same spelling first, then without regard to case. */
export function findName(wanted: string, names: readonly string[]): string | undefined {
  return names.includes(wanted) ? wanted : names.find((name) => name.toLowerCase() === wanted.toLowerCase());
}

/** The names that repeat an earlier one without regard to case, as DuckDB compares identifiers. */
export function repeatedNames(names: readonly string[]): string[] {
  const lower = names.map((name) => name.toLowerCase());
  return names.filter((_, index) => lower.indexOf(lower[index] ?? '') < index);
}
