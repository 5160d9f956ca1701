import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { localError } from './local-error.ts';
import { intoFolder } from './make-folder.ts';
import { moveInto, removeTemporary, temporaryName } from './move-into.ts';
import { sourceGone } from './source-gone.ts';
import type { Storage, WriteCondition, WriteOutcome } from './storage.ts';
import { syncFile } from './sync-file.ts';

/** Copies an object of another place to a path, whole or not at all. */
export async function downloadInto(
  { source, from }: { readonly source: Storage; readonly from: string },
  path: string,
  condition?: WriteCondition,
): Promise<WriteOutcome> {
  const version = await source.head(from);
  if (version === undefined) throw sourceGone(from, path);
  const temporary = temporaryName(path);
  try {
    await intoFolder(dirname(path), async () => (await open(temporary, 'wx')).close());
    await source.download(from, temporary, { version });
    await syncFile(temporary);
    return await moveInto(temporary, path, condition);
  } catch (error) {
    throw localError(error, 'write', path);
  } finally {
    await removeTemporary(temporary);
  }
}
