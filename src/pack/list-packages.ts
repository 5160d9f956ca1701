import { readFile, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PitwallError } from '../error.ts';

interface PackageManifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/**
 * The folders of a package and of all packages that it needs to run, as they are installed; of the optional ones those
 * that are there.
 *
 * @throws PitwallError (`usage`) when one that it needs is not installed
 */
export async function listPackages(folder: string): Promise<string[]> {
  const found = new Set<string>();
  const waiting = [folder];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    waiting.push(...(await dependenciesOf(next)));
  }
  return [...found].sort();
}

async function dependenciesOf(folder: string): Promise<string[]> {
  const manifest: PackageManifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const { dependencies = {}, optionalDependencies = {} } = manifest;
  const names = Object.keys({ ...dependencies, ...optionalDependencies });
  const folders = await Promise.all(
    names.map(async (name) => {
      const installed = await findPackage(folder, name);
      if (installed !== undefined || name in optionalDependencies) return installed;
      throw new PitwallError('usage', `${folder}: its dependency ${name} is not installed; run npm ci there`);
    }),
  );
  return folders.filter((each) => each !== undefined);
}

/** As Node looks for it: in the `node_modules` of each folder above. */
async function findPackage(from: string, name: string): Promise<string | undefined> {
  const folder = join(from, 'node_modules', name);
  const isThere = await readFile(join(folder, 'package.json')).then(
    () => true,
    () => false,
  );
  if (isThere) return realpath(folder);
  return from === dirname(from) ? undefined : findPackage(dirname(from), name);
}
