import type { FilePart, PlannedFile, PlannedInput } from '../plan/plan.ts';

/**
 * Files that one call of a reader can read: of one layout, one compression and the same values in their paths. A file of
 * which some rows are read stands alone.
 */
export interface ScanGroup {
  /** Never empty. */
  readonly files: readonly PlannedFile[];
}

/**
 * Puts the files of an input into as few groups as can be; where the order of rows counts (`row_number`), files
 * of a group also follow one another.
 */
export function groupFiles({ files, input }: PlannedInput): ScanGroup[] {
  const groups: { key: string; files: PlannedFile[] }[] = [];
  const byKey = new Map<string, { key: string; files: PlannedFile[] }>();
  for (const file of files) {
    const key = JSON.stringify([
      file.layout,
      file.compression,
      file.pathValues,
      rowsPart(file) && [file.path, file.part],
      file.mark !== undefined,
    ]);
    const known = input.rowNumber === undefined ? byKey.get(key) : groups.at(-1);
    if (known?.key === key) known.files.push(file);
    else {
      const group = { key, files: [file] };
      groups.push(group);
      byKey.set(key, group);
    }
  }
  return groups;
}

/** The rows that are read of a Parquet file, where they are not all. */
export function rowsPart({ part }: PlannedFile): Extract<FilePart, { kind: 'rows' }> | undefined {
  return part?.kind === 'rows' ? part : undefined;
}
