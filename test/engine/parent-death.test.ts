import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readAttempts, scriptedFolder, untilGone } from './worker-rig.ts';

const DRIVER = fileURLToPath(new URL('./fixture-driver.mjs', import.meta.url));

/** A process that runs two tasks which do not end, and the processes of its workers. */
async function busyDriver(): Promise<{ readonly driver: ChildProcess; readonly workers: readonly number[] }> {
  const folder = await scriptedFolder({ tasks: { 0: ['gate never'], 1: ['gate never'] } });
  const driver = spawn(process.execPath, [DRIVER, folder.store, folder.runId], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  onTestFinished(() => void driver.kill('SIGKILL'));
  await expect.poll(() => readAttempts(folder).length, { timeout: 20_000, interval: 20 }).toBe(2);
  const workers = readAttempts(folder).map(({ pid }) => pid);
  return { driver, workers };
}

describe('the death of the parent by kill -9', () => {
  it('ends its workers', async () => {
    const { driver, workers } = await busyDriver();
    driver.kill('SIGKILL');
    await once(driver, 'exit');
    await Promise.all(workers.map(untilGone));
  });

  it.runIf(process.platform === 'linux')('ends even a worker that is stopped', async () => {
    const { driver, workers } = await busyDriver();
    process.kill(workers[0] ?? 0, 'SIGSTOP');
    driver.kill('SIGKILL');
    await once(driver, 'exit');
    await Promise.all(workers.map(untilGone));
  });
});
