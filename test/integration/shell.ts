import { spawn } from 'node:child_process';
import { onTestFinished } from 'vitest';
import { CLI, type Outcome } from '../e2e/pitwall.ts';

/** Runs `pitwall` in a shell that has set limits for it and its children: `ulimit -n 64`. */
export function pitwallUnder(limits: string, args: readonly string[], cwd: string): Promise<Outcome> {
  const script = `${limits}; exec "$0" "$@"`;
  const child = spawn('sh', ['-c', script, process.execPath, CLI, ...args], { cwd });
  onTestFinished(() => void child.kill('SIGKILL'));
  const texts = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => {
    texts.stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    texts.stderr += chunk;
  });
  return new Promise((resolve) => {
    child.on('close', (code, signal) => resolve({ code: code ?? signal ?? 'unknown', ...texts }));
  });
}
