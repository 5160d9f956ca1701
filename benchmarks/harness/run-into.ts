import { rm } from 'node:fs/promises';
import type { Sample } from '../harness.ts';
import { digestFolder } from './digest.ts';
import { measureProcess } from './measure-process.ts';

/** Runs a command that makes the folder anew; the answer is the digest of what it made there. */
export async function runInto(folder: string, command: readonly string[]): Promise<Sample> {
  await rm(folder, { recursive: true, force: true });
  return runOver(folder, command);
}

/** The same without removing what lies there. */
export async function runOver(folder: string, command: readonly string[]): Promise<Sample> {
  const { stdout: _, ...cost } = await measureProcess(command);
  return { ...cost, answer: await digestFolder(folder) };
}
