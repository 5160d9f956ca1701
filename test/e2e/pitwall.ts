import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

/** The command line as it was built by the global set-up of the tests. */
export const CLI = fileURLToPath(new URL('../../dist/cli.cjs', import.meta.url));

export interface Outcome {
  /** The exit code, or the name of the signal that ended the process. */
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

export type PitwallOptions = Pick<SpawnOptions, 'env' | 'uid' | 'gid'> & {
  readonly cwd: string;
  readonly onStart?: (child: ChildProcess) => void;
  /** Is given the process and all of stderr so far, each time there is more. */
  readonly onStderr?: (stderr: string, child: ChildProcess) => void;
};

/** Runs `pitwall` in a process of its own, as a user does; it never outlives the test. */
export function pitwall(args: readonly string[], options: PitwallOptions): Promise<Outcome> {
  const { onStart, onStderr, env, ...others } = options;
  const child = spawn(process.execPath, [CLI, ...args], {
    ...others,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  onStart?.(child);
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => {
    stderr.push(chunk);
    onStderr?.(String(Buffer.concat(stderr)), child);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      const [out, err] = [stdout, stderr].map((chunks) => Buffer.concat(chunks).toString());
      resolve({ code: code ?? signal ?? 'unknown', stdout: out ?? '', stderr: err ?? '' });
    });
  });
}

/** As {@link pitwall}, for what has to succeed: gives what it printed to stdout. */
export async function pitwallOk(args: readonly string[], options: PitwallOptions): Promise<string> {
  const { code, stdout, stderr } = await pitwall(args, options);
  if (code === 0) return stdout;
  throw new Error(`pitwall ${args.join(' ')} exited with ${code}: ${stderr}`);
}
