import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorCode } from './local-error.ts';

/** Makes the missing folders of a path, the outermost first. Node's own `recursive` never returns below /proc. */
export async function makeFolder(folder: string): Promise<void> {
  if (await exists(folder)) return;
  await makeFolder(dirname(folder));
  try {
    await mkdir(folder);
  } catch (error) {
    if (!(await wasRaced(folder))) throw error;
    await makeFolder(folder);
  }
}

/** How often others may take the folder away before something is in it. */
const MAX_TRIES = 20;

/** Makes the missing folders and puts a file into the last; again where another process took it away while it was empty. */
export async function intoFolder<T>(folder: string, put: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    await makeFolder(folder);
    try {
      return await put();
    } catch (error) {
      if (errorCode(error) !== 'ENOENT' || tries === MAX_TRIES) throw error;
    }
  }
}

/** Whether another process made the folder, or took its empty parent away, at the same moment. */
async function wasRaced(folder: string): Promise<boolean> {
  return (await exists(folder)) || !(await exists(dirname(folder)));
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: unknown) => {
      if (errorCode(error) === 'ENOENT') return false;
      throw error;
    },
  );
}
