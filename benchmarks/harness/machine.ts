import { readFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';
import { openSession } from '../../src/duckdb/session.ts';
import { runToEnd } from './measure-process.ts';
import { projectPath } from './project-root.ts';

/** Where and with what the figures were made. */
export interface MachineRecord {
  readonly date: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly kernel: string;
  /** Of the last minute, before the first run: far over 0, and the figures are not to be trusted. */
  readonly loadAverage: number;
  /** The commit, with `+` where files differ from it. */
  readonly commit: string;
  readonly versions: Readonly<Record<string, string>>;
}

/** @param peers - versions of the peers, by name */
export async function recordMachine(peers: Readonly<Record<string, string>> = {}): Promise<MachineRecord> {
  return {
    date: new Date().toISOString(),
    cpu: await cpuModel(),
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    kernel: `${type()} ${release()}`,
    loadAverage: loadavg()[0] ?? 0,
    commit: await commit(),
    versions: { node: process.versions.node, libduckdb: await libraryVersion(), ...peers },
  };
}

/** The version of an installed npm package. */
export async function packageVersion(name: string): Promise<string> {
  const manifest: { version: string } = JSON.parse(
    await readFile(projectPath('node_modules', name, 'package.json'), 'utf8'),
  );
  return manifest.version;
}

/** Virtual machines may hide the model's name: then its vendor, family and model number. */
async function cpuModel(): Promise<string> {
  const name = cpus()[0]?.model.trim() ?? '';
  if (name !== '' && name !== 'unknown') return name;
  const text = await readFile('/proc/cpuinfo', 'utf8').catch(() => '');
  const value = (key: string) => new RegExp(`^${key}\\s*: (.+)$`, 'm').exec(text)?.[1] ?? '?';
  return `${value('vendor_id')} family ${value('cpu family')} model ${value('model')}`;
}

async function commit(): Promise<string> {
  try {
    const head = (await runToEnd(['git', 'rev-parse', '--short', 'HEAD'])).trim();
    return (await runToEnd(['git', 'status', '--porcelain', '--untracked-files=no'])) === ''
      ? head
      : `${head}+`;
  } catch {
    return 'unknown';
  }
}

async function libraryVersion(): Promise<string> {
  const session = await openSession();
  try {
    return session.version;
  } finally {
    await session.close();
  }
}
