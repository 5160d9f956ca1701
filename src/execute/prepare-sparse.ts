import type { Session } from '../duckdb/session.ts';
import type { PlannedInput } from '../plan/plan.ts';
import { isRemote } from '../storage/is-remote.ts';
import type { Storage } from '../storage/storage.ts';
import type { ReadableInputs } from './readable-paths.ts';
import type { ScanNeeds } from './scan-needs.ts';
import { isSparse, SparseInputs } from './sparse-inputs.ts';
import { forgetFileContents } from './task-session.ts';

export interface SparseReading extends ReadableInputs {
  readonly storage: Storage;
  readonly needs?: ScanNeeds;
}

/** Where no input is in a store, statements are not looked at. */
export async function prepareSparse(
  session: Session,
  loader: Session,
  { inputs, storage, needs, unlisted }: SparseReading,
): Promise<SparseInputs | undefined> {
  const mayBeSparse = (planned: PlannedInput) =>
    planned.files.some((file) => isSparse(planned, file)) ||
    (unlisted?.has(planned.name) && planned.input.paths.some(isRemote));
  if (!inputs.some(mayBeSparse)) return undefined;
  await forgetFileContents(session);
  const sparse = new SparseInputs({
    storage,
    session: await session.connect(),
    whole: needs?.wholeFiles ?? false,
  });
  for (const watched of [session, loader]) watched.beforeStatements(sparse.prepare);
  return sparse;
}
