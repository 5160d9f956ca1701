import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { projectPath } from '../project-path.ts';

/** Where `npm run test:tools` puts what the tests need beside Node. */
const TOOLS = projectPath('node_modules/.cache/pitwall-tools/bin');

/** The SeaweedFS of PITWALL_TEST_WEED, else of the PATH, else of `npm run test:tools`; `undefined` where there is none. */
export function findWeed(): string | undefined {
  const named = process.env.PITWALL_TEST_WEED;
  if (named !== undefined && named !== '') return named;
  const folders = [...(process.env.PATH ?? '').split(delimiter), TOOLS].filter(Boolean);
  return folders.map((folder) => join(folder, 'weed')).find(canRun);
}

function canRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
