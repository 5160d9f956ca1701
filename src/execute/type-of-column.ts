import type { Column } from '../job/job.ts';

/** The type of a step's column, in which its values compare. */
export function typeOfColumn(columns: readonly Column[], wanted: string): string {
  return columns.find(({ name }) => name === wanted)?.type ?? 'VARCHAR';
}
