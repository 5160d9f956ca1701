import { templateGlob } from '../plan/path-values.ts';
import type { PlannedInput } from '../plan/plan.ts';
import { globRoot } from '../storage/glob.ts';
import { isRemote } from '../storage/is-remote.ts';
import { isStaged } from './stage-input.ts';

/** More files than these are opened by their folders: DuckDB looks every read file up. */
const MOST_FILES = 10_000;

export interface ReadableInputs {
  readonly inputs: readonly PlannedInput[];
  /** Inputs among them whose files were not listed. */
  readonly unlisted?: ReadonlySet<string>;
}

/** The files and folders of inputs that SQL of a session reads where they lie. */
export function readablePaths({ inputs, unlisted }: ReadableInputs): { files: string[]; folders: string[] } {
  const count = inputs.reduce((total, { files }) => total + files.length, 0);
  const byFolder = inputs.filter(({ name }) => unlisted?.has(name) || count > MOST_FILES);
  const byFile = inputs.filter((input) => !byFolder.includes(input));
  return {
    files: byFile.flatMap(({ files }) => files.filter((file) => !isStaged(file)).map(({ path }) => path)),
    folders: byFolder.flatMap(({ input }) =>
      input.paths
        .filter((path) => !isRemote(path))
        .map((path) => globRoot(templateGlob(path, input.pathColumns))),
    ),
  };
}
