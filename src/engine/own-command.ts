import { fileURLToPath } from 'node:url';

/** The folder of this package. */
export const PACKAGE_FOLDER = fileURLToPath(new URL('../..', import.meta.url));

/** How this Pitwall is called, on this machine and on those that have it at the same place. */
export function ownCommand(): string[] {
  return [process.execPath, `${PACKAGE_FOLDER}dist/cli.cjs`];
}
