import { projectPath } from './project-root.ts';

/** The command line of `pitwall`, as it is built. */
export function pitwallCommand(...args: readonly string[]): string[] {
  return [process.execPath, projectPath('dist/cli.cjs'), ...args];
}

/** Options that give a job its parameters. */
export function setOptions(parameters: Readonly<Record<string, string | number>>): string[] {
  return Object.entries(parameters).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
}

/** The folder of a job that only benchmarks use. */
export function benchmarkJob(name: string): string {
  return projectPath('benchmarks/jobs', name);
}
