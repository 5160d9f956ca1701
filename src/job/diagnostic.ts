import { formatPlace, type Place } from '../error.ts';

/** A mistake in a job, or a warning about it, at the place where a person mends it. */
export interface Diagnostic {
  readonly severity: 'error' | 'warning';
  readonly message: string;
  readonly place: Place;
}

/** `file:line:column: error: message`, as compilers print it and editors read it. */
export function formatDiagnostic({ severity, message, place }: Diagnostic): string {
  return `${formatPlace(place)}: ${severity}: ${message}`;
}

/** By file, then line, then column; one place keeps its order, and equal diagnostics are given once. */
export function sortDiagnostics(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const seen = new Map(diagnostics.map((diagnostic) => [formatDiagnostic(diagnostic), diagnostic]));
  return [...seen.values()].sort((a, b) => comparePlaces(a.place, b.place));
}

export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some(({ severity }) => severity === 'error');
}

function comparePlaces(a: Place, b: Place): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}
