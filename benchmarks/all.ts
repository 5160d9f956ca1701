import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const BENCHMARKS = [
  'startup',
  'rows-out',
  'encode-json',
  'race-stats',
  'memory-curve',
  'scheduling',
  'divided',
  'second-run',
  'growth',
  'million-files',
  'larger-than-memory',
  'engines',
  'fleet',
  's3-parquet',
  's3-csv',
  's3-many',
  's3-local',
];

/** Runs every benchmark in turn, with the arguments given; the first that fails ends it. */
async function runAll(args: readonly string[]): Promise<number> {
  for (const name of BENCHMARKS) {
    const exitCode = await run(name, args);
    if (exitCode !== 0) return exitCode;
  }
  return 0;
}

function run(name: string, args: readonly string[]): Promise<number> {
  const file = fileURLToPath(new URL(`${name}.js`, import.meta.url));
  const child = spawn(process.execPath, [file, ...args], { stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (exitCode) => resolve(exitCode ?? 1));
  });
}

process.exitCode = await runAll(process.argv.slice(2));
