import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { projectPath } from './project-root.ts';

/** What a command took; times in seconds of the wall clock and of all its threads and processes. */
export interface ProcessCost {
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Of the largest of its processes, by wait4. */
  readonly peakRssBytes: number;
  /** The most that all processes had together, what they share counted once; absent where there can be only one. */
  readonly allRssBytes?: number;
}

/** The memory that a command had at most: of all its processes where that is known. */
export function peakMemory({ peakRssBytes, allRssBytes = peakRssBytes }: ProcessCost): number {
  return allRssBytes;
}

export interface MeasuredProcess extends ProcessCost {
  readonly stdout: string;
}

/**
 * Runs a command from start to end, in the project's folder. Its standard error is passed on.
 *
 * @param env - on top of this process's own
 * @throws Error when it exits with anything but 0
 */
export async function measureProcess(
  command: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<MeasuredProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'pitwall-bench-'));
  try {
    const report = join(folder, 'cost.json');
    const measure = ['python3', projectPath('benchmarks/harness/measure.py'), report];
    const stdout = await runToEnd([...measure, ...command], env);
    const cost: ProcessCost & { exitCode: number } = JSON.parse(await readFile(report, 'utf8'));
    if (cost.exitCode !== 0) throw new Error(`exit code ${cost.exitCode} from: ${command.join(' ')}`);
    const { exitCode: _, ...taken } = cost;
    return { ...taken, stdout };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Runs a command in the project's folder and gives its standard output. @throws Error when it fails */
export async function runToEnd(
  [program = '', ...args]: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<string> {
  const child = spawn(program, args, {
    cwd: projectPath(),
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject).on('close', resolve);
  });
  const [stdout, exitCode] = await Promise.all([text(child.stdout), ended]);
  if (exitCode !== 0) throw new Error(`exit code ${exitCode} from: ${[program, ...args].join(' ')}`);
  return stdout;
}
