import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { PitwallError } from '../error.ts';

export interface ProgramOptions {
  /** What it reads. */
  readonly input?: string;
  readonly timeoutMs: number;
  readonly env?: NodeJS.ProcessEnv;
}

/** What a program said and how it ended. */
export interface ProgramEnd {
  /** 127 for one that ended by a signal. */
  readonly code: number;
  /** Whether it was killed because it took too long. */
  readonly isLate: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

const BY_SIGNAL = 127;

/** Runs a program of the system. @throws PitwallError (`usage`) when there is no such program */
export function runProgram(
  program: string,
  args: readonly string[],
  { input = '', timeoutMs, env = process.env }: ProgramOptions,
): Promise<ProgramEnd> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env });
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      child.kill('SIGKILL');
    }, timeoutMs);
    const texts = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      texts.stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      texts.stderr += text;
    });
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(missing(program, error));
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code: code ?? BY_SIGNAL, isLate, ...texts });
    });
    // One that reads nothing may be gone before it was written to.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}

/** Whether a program lies on the PATH. */
export function isInstalled(program: string, path = process.env.PATH ?? ''): boolean {
  return path.split(':').some((folder) => isExecutable(join(folder, program)));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function missing(program: string, cause: Error): PitwallError {
  return new PitwallError('usage', `cannot run ${program}: ${cause.message}`, { cause });
}
