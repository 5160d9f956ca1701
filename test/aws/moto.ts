import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll } from 'vitest';
import { quietSdk } from '../../src/storage/quiet-sdk.ts';
import { freePorts } from '../integration/engines/free-ports.ts';

const TOOLS = fileURLToPath(new URL('../../node_modules/.cache/pitwall-tools/bin', import.meta.url));
const STARTING_MS = 60_000;

/** The command that serves AWS's APIs on this machine: of PITWALL_TEST_MOTO, PATH, or `npm run test:tools`. */
export function findMoto(): string | undefined {
  const { PITWALL_TEST_MOTO: given, PATH = '' } = process.env;
  if (given !== undefined) return given;
  return [...PATH.split(delimiter), TOOLS].map((folder) => join(folder, 'moto_server')).find(existsSync);
}

/** Says why a suite is left out; in CI it is not. */
export const WITHOUT_MOTO =
  findMoto() === undefined && process.env.CI !== 'true'
    ? 'moto_server is not installed: npm run test:tools, or PITWALL_TEST_MOTO=<path>'
    : undefined;

export interface Moto {
  /** `http://127.0.0.1:<port>` */
  readonly endpoint: string;
  /** What a process needs to talk to it, and to nothing else. */
  readonly env: Readonly<Record<string, string>>;
}

/** Starts a server of AWS's APIs for the tests of a file, and ends it with them. */
export function useMoto(): () => Moto {
  let server: ChildProcess | undefined;
  let moto: Moto | undefined;
  beforeAll(async () => {
    quietSdk();
    const [port = 0] = await freePorts(1);
    const endpoint = `http://127.0.0.1:${port}`;
    server = startMoto(port);
    await untilServing(endpoint, server);
    moto = { endpoint, env: motoEnv(endpoint) };
  }, STARTING_MS);
  afterAll(() => void server?.kill('SIGKILL'));
  return () => {
    if (moto === undefined) throw new Error('moto has not been started');
    return moto;
  };
}

function startMoto(port: number): ChildProcess {
  const command = findMoto();
  if (command === undefined) throw new Error('moto_server is not installed: npm run test:tools');
  return spawn(command, ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
}

function motoEnv(endpoint: string): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'testing',
    AWS_SECRET_ACCESS_KEY: 'testing',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}

async function untilServing(endpoint: string, server: ChildProcess): Promise<void> {
  const giveUpMs = performance.now() + STARTING_MS;
  while (performance.now() < giveUpMs && server.exitCode === null) {
    const answer = await fetch(`${endpoint}/moto-api/`).catch(() => undefined);
    if (answer?.ok) return;
    await delay(100);
  }
  throw new Error('moto_server does not serve');
}
