import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { quietSdk } from '../../src/storage/quiet-sdk.ts';
import { freePorts } from '../integration/engines/free-ports.ts';
import { projectPath } from '../project-path.ts';

const TOOLS = projectPath('node_modules/.cache/pitwall-tools/bin');
export const STARTING_MS = 60_000;

/** The command that serves AWS's APIs on this machine: of PITWALL_TEST_MOTO, PATH, or `npm run test:tools`. */
export function findMoto(): string | undefined {
  const { PITWALL_TEST_MOTO: given, PATH = '' } = process.env;
  if (given !== undefined) return given;
  return [...PATH.split(delimiter), TOOLS].map((folder) => join(folder, 'moto_server')).find(existsSync);
}

export interface Moto {
  /** `http://127.0.0.1:<port>` */
  readonly endpoint: string;
  /** What a process needs to talk to it, and to nothing else. */
  readonly env: Readonly<Record<string, string>>;
}

/** Starts a server of AWS's APIs. */
export async function startMoto(): Promise<Moto & { readonly stop: () => void }> {
  quietSdk();
  const [port = 0] = await freePorts(1);
  const endpoint = `http://127.0.0.1:${port}`;
  const server = spawnMoto(port);
  const stop = () => void server.kill('SIGKILL');
  try {
    await untilServing(endpoint, server);
  } catch (error) {
    stop();
    throw error;
  }
  return { endpoint, env: motoEnv(endpoint), stop };
}

function spawnMoto(port: number): ChildProcess {
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
