import { readFile, rm, writeFile } from 'node:fs/promises';
import { runToEnd } from './measure-process.ts';
import { projectPath } from './project-root.ts';

const VENV = projectPath('dist-bench/venv');
/** Written last: what the finished environment was made from. */
const INSTALLED = projectPath('dist-bench/venv/installed.txt');
const REQUIREMENTS = projectPath('benchmarks/requirements.txt');

/**
 * The Python that has the peers, of exactly the versions in requirements.txt, in an environment that is made
 * when it is missing or of other versions.
 *
 * @throws Error when it cannot be made: Debian's python3 needs the package python3-venv
 */
export async function peerPython(): Promise<string> {
  const requirements = await readFile(REQUIREMENTS, 'utf8');
  const installed = await readFile(INSTALLED, 'utf8').catch(() => undefined);
  if (installed !== requirements) await makeEnvironment(requirements);
  return `${VENV}/bin/python`;
}

async function makeEnvironment(requirements: string): Promise<void> {
  process.stderr.write('installing the peers of benchmarks/requirements.txt\n');
  await rm(VENV, { recursive: true, force: true });
  await runToEnd(['python3', '-m', 'venv', VENV]);
  await runToEnd([`${VENV}/bin/python`, '-m', 'pip', 'install', '--quiet', '-r', REQUIREMENTS]);
  await writeFile(INSTALLED, requirements);
}

/** The exact versions of the named Python packages, with that of Python itself. */
export async function peerVersions(names: readonly string[]): Promise<Record<string, string>> {
  const requirements = await readFile(REQUIREMENTS, 'utf8');
  const pinned = [...requirements.matchAll(/^(.+)==(.+)$/gm)].map(([, name = '', version = '']) => ({
    name,
    version,
  }));
  const chosen = pinned
    .filter(({ name }) => names.includes(name))
    .map(({ name, version }) => [name, version]);
  const python = (await runToEnd([await peerPython(), '--version'])).trim().replace('Python ', '');
  return { python, ...Object.fromEntries(chosen.map(([name, version]) => [`python ${name}`, version])) };
}
