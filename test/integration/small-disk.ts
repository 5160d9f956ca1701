import { spawnSync } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished, type TestContext } from 'vitest';

/** Mounts a file system of so many bytes in memory on a new folder, until the test ends; skips the test where it may not. */
export async function smallDisk(folder: string, sizeBytes: number, { skip }: TestContext): Promise<void> {
  await mkdir(folder);
  const options = ['-t', 'tmpfs', '-o', `size=${sizeBytes},mode=0777`, 'tmpfs', folder];
  const { status, stderr, error } = spawnSync('mount', options, { encoding: 'utf8' });
  if (status !== 0) skip(`a file system cannot be mounted here: ${error?.message ?? stderr}`);
  onTestFinished(() => void spawnSync('umount', ['-l', folder]));
}

/** Takes all the space that a disk has left; gives what frees it again. */
export async function fillDisk(folder: string): Promise<() => Promise<void>> {
  const path = join(folder, 'filler');
  for (let sizeBytes = 2 ** 20; sizeBytes >= 1; sizeBytes = Math.floor(sizeBytes / 2))
    await append(path, sizeBytes);
  return () => rm(path);
}

async function append(path: string, sizeBytes: number): Promise<void> {
  try {
    for (;;) await writeFile(path, Buffer.alloc(sizeBytes), { flag: 'a' });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
  }
}
