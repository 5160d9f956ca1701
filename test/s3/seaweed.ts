import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from './free-ports.ts';

/** A SeaweedFS of this test's own: a real server of S3. */
export interface Seaweed {
  readonly endpoint: string;
  readonly pid: number;
  stop(): Promise<void>;
}

export const ACCESS_KEY = 'pitwall-test-user';
export const SECRET_KEY = 'pitwall-test-password';
/** Other credentials of the same user, which are as good. */
export const NEW_ACCESS_KEY = 'pitwall-test-renewed';

const READY_MS = 60_000;
/** How often it is asked whether it is ready. */
const POLL_MS = 50;

/** Starts `weed server` on free loopback ports, with its files in a temporary folder, and waits until S3 answers. */
export async function startSeaweed(weed: string): Promise<Seaweed> {
  const folder = await mkdtemp(join(tmpdir(), 'pitwall-weed-'));
  const config = join(folder, 's3.json');
  await writeFile(config, JSON.stringify(identities()));
  const [master, volume, filer, s3] = await freePorts(4);
  const child = spawn(
    weed,
    [
      `-logdir=${folder}`,
      'server',
      `-dir=${folder}`,
      '-ip=127.0.0.1',
      '-ip.bind=127.0.0.1',
      `-master.port=${master}`,
      `-volume.port=${volume}`,
      `-filer.port=${filer}`,
      '-filer',
      '-s3',
      `-s3.port=${s3}`,
      '-s3.port.iceberg=0',
      '-s3.port.lance=0',
      `-s3.config=${config}`,
      '-master.telemetry=false',
      '-master.volumeSizeLimitMB=1024',
      '-volume.max=100',
    ],
    { stdio: ['ignore', 'ignore', 'ignore'], cwd: folder },
  );
  const endpoint = `http://127.0.0.1:${s3}`;
  try {
    await untilReady(child, endpoint);
  } catch (error) {
    await stop(child, folder);
    throw error;
  }
  return { endpoint, pid: child.pid ?? 0, stop: () => stop(child, folder) };
}

function identities(): object {
  const keys = [ACCESS_KEY, NEW_ACCESS_KEY];
  const credentials = keys.map((accessKey) => ({ accessKey, secretKey: SECRET_KEY }));
  return {
    identities: [{ name: 'tests', credentials, actions: ['Admin', 'Read', 'Write', 'List', 'Tagging'] }],
  };
}

/** An answer without credentials says 403: then it can tell who asks. A created bucket shows that it can also write. */
async function untilReady(child: ChildProcess, endpoint: string): Promise<void> {
  const end = performance.now() + READY_MS;
  while (performance.now() < end) {
    if (child.exitCode !== null) throw new Error(`weed ended with ${child.exitCode} before it was ready`);
    const answer = await fetch(endpoint, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
    if (answer?.status === 403) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`weed was not ready after ${READY_MS / 1000} s`);
}

async function stop(child: ChildProcess, folder: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
  await rm(folder, { recursive: true, force: true });
}

/** Resident memory of a process in bytes, as Linux tells it. */
export async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
}
