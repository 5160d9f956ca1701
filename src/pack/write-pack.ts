import { createWriteStream } from 'node:fs';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { listPackages } from './list-packages.ts';
import { type TarFile, tarArchive } from './tar-archive.ts';

export interface PackOptions {
  /** The folder of this package. */
  readonly packageFolder: string;
  /** The program of Node. */
  readonly node: string;
  /** Folders of jobs, which the archive has under `sql/`. */
  readonly jobs: readonly string[];
  /** The file to write. */
  readonly output: string;
}

/** Needed by nobody who only runs it. */
const LEFT_OUT =
  /\.(?:map|d\.[cm]?ts|[cm]?ts|md|markdown|flow|tsbuildinfo)$|(?:^|\/)(?:test|tests|docs|example|examples|\.github)\//i;
/** Whatever its ending, a licence goes with what it licenses. */
const LICENCE = /(?:^|\/)(?:licen[cs]e|notice|copying)[^/]*$/i;
/** Of this package: sources, tests and results stay behind. */
const OWN = /^(?:package\.json$|dist\/|engines\/|sql\/)/;

/**
 * Writes Node, Pitwall, the packages that it needs, its driver for Spark and jobs as one `.tar.gz`, which runs wherever it
 * is unpacked: `bin/pitwall`. The same files give the same bytes. The archive is there whole, or not at all.
 *
 * @returns its bytes
 */
export async function writePack({ packageFolder, node, jobs, output }: PackOptions): Promise<number> {
  const packages = await listPackages(packageFolder);
  const base = commonFolder(packages);
  const files = (
    await Promise.all(packages.map((folder) => packageFiles(folder, base, packageFolder)))
  ).flat();
  const own = join('lib', relative(base, packageFolder));
  const packed = (await Promise.all(jobs.map((job) => jobFiles(job, `${own}/sql/${basename(job)}`)))).flat();
  const all = new Map(
    [...files, ...packed, ...programs(node, own, packageFolder)].map((file) => [file.path, file]),
  );
  const partial = `${output}.partial`;
  try {
    await pipeline(tarArchive([...all.values()]), createGzip(), createWriteStream(partial));
    await rename(partial, output);
  } finally {
    await rm(partial, { force: true });
  }
  return (await stat(output)).size;
}

/** Scripts for whoever starts Spark; they lie where they are found without unpacking all. */
const DRIVERS = ['pitwall_spark.py', 'pitwall_glue.py'];

function programs(node: string, own: string, packageFolder: string): TarFile[] {
  const launcher = [
    '#!/bin/sh',
    'here=$(cd "$(dirname "$0")/.." && pwd) || exit 1',
    `exec "$here/bin/node" "$here/${own}/dist/cli.cjs" "$@"`,
    '',
  ].join('\n');
  return [
    { path: 'bin/node', isExecutable: true, content: { file: node } },
    { path: 'bin/pitwall', isExecutable: true, content: Buffer.from(launcher) },
    ...DRIVERS.map((name) => ({
      path: name,
      isExecutable: false,
      content: { file: join(packageFolder, 'engines/spark', name) },
    })),
  ];
}

/** The folder in which Node finds all of these packages from each other. */
function commonFolder(folders: readonly string[]): string {
  let common = folders[0] ?? '/';
  while (!folders.every((folder) => isBelow(folder, common))) common = dirname(common);
  return basename(common) === 'node_modules' ? dirname(common) : common;
}

function isBelow(folder: string, above: string): boolean {
  return folder === above || folder.startsWith(above === '/' ? above : `${above}/`);
}

async function packageFiles(folder: string, base: string, own: string): Promise<TarFile[]> {
  const files = await filesBelow(folder, (path) => path === 'node_modules' || path.endsWith('/node_modules'));
  return files
    .filter((path) => (folder !== own || OWN.test(path)) && (LICENCE.test(path) || !LEFT_OUT.test(path)))
    .map((path) => toFile(join(folder, path), join('lib', relative(base, folder), path)));
}

async function jobFiles(folder: string, place: string): Promise<TarFile[]> {
  return (await filesBelow(folder, () => false)).map((path) =>
    toFile(join(folder, path), `${place}/${path}`),
  );
}

/** Nothing of what is copied is run as a program. */
function toFile(file: string, path: string): TarFile {
  return { path: path.replaceAll('\\', '/'), isExecutable: false, content: { file } };
}

/** The files below a folder, by their paths in it; links are followed to files alone. */
async function filesBelow(folder: string, isLeftOut: (path: string) => boolean, at = ''): Promise<string[]> {
  const entries = await readdir(join(folder, at), { withFileTypes: true });
  const found = await Promise.all(
    entries.map(async (entry) => {
      const path = at === '' ? entry.name : `${at}/${entry.name}`;
      if (isLeftOut(path)) return [];
      if (entry.isDirectory()) return filesBelow(folder, isLeftOut, path);
      return (await stat(join(folder, path))).isFile() ? [path] : [];
    }),
  );
  return found.flat();
}
