import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isInstalled } from '../../../src/engine/run-program.ts';
import { projectPath } from '../../project-path.ts';
import { freePorts } from './free-ports.ts';
import { processes, type TaskProcess } from './machine-processes.ts';
import { until } from './until.ts';

/** Where `npm run test:tools:spark` installs it. */
const TOOLS = projectPath('node_modules/.cache/pitwall-tools/spark/bin');
const PROGRAMS = ['spark-class', 'spark-submit'];
const WORKERS = 2;

/** The folder of Spark's programs: PITWALL_SPARK_BIN, that of the tools, or one of the PATH. */
function findBin(): string | undefined {
  const folders = [process.env.PITWALL_SPARK_BIN ?? '', TOOLS, ...(process.env.PATH ?? '').split(':')];
  return folders.find((folder) => PROGRAMS.every((program) => isInstalled(program, folder)));
}

/** What is needed for Spark and is not installed here. */
export function missingParts(): string[] {
  return [...(findBin() === undefined ? ['Spark'] : []), ...(isInstalled('java') ? [] : ['Java'])];
}

/** A standalone cluster of its own: a master and two workers of one processor each, on loopback. */
export interface SparkHarness {
  readonly master: string;
  /** With which spark-submit is found, and keeps to loopback. */
  readonly env: NodeJS.ProcessEnv;
  /** Ends the worker on which a process runs, with its executors and all that they started, and starts another. */
  killWorkerOf(pid: number): Promise<void>;
  stop(): Promise<void>;
}

/** @throws when it does not come up; then all of its processes are ended */
export async function startSpark(): Promise<SparkHarness> {
  const [port = 0] = await freePorts(1);
  const spark = new Spark(await mkdtemp(join(tmpdir(), 'pitwall-spark-test-')), port);
  try {
    await spark.start();
    return spark;
  } catch (error) {
    await spark.stop();
    throw error;
  }
}

class Spark implements SparkHarness {
  readonly #folder: string;
  readonly #port: number;
  readonly #bin = findBin() ?? '';
  readonly #daemons: { readonly child: ChildProcess; said: string }[] = [];

  constructor(folder: string, port: number) {
    this.#folder = folder;
    this.#port = port;
  }

  get master(): string {
    return `spark://127.0.0.1:${this.#port}`;
  }

  get env(): NodeJS.ProcessEnv {
    return {
      PATH: `${this.#bin}:${process.env.PATH}`,
      SPARK_LOCAL_IP: '127.0.0.1',
      SPARK_LOCAL_DIRS: this.#folder,
    };
  }

  async start(): Promise<void> {
    await mkdir(join(this.#folder, 'work'));
    const address = ['--host', '127.0.0.1', '--port', String(this.#port), '--webui-port', '0'];
    await this.#spawn(
      'master',
      /I have been elected leader/,
      'org.apache.spark.deploy.master.Master',
      ...address,
    );
    await Promise.all(Array.from({ length: WORKERS }, () => this.#startWorker()));
  }

  async killWorkerOf(pid: number): Promise<void> {
    const all = await processes();
    const line = lineage(all, pid);
    const worker = line.find(({ command }) => command.includes('org.apache.spark.deploy.worker.Worker'));
    if (worker === undefined) throw new Error(`process ${pid} runs on no worker`);
    for (const each of [worker, ...descendants(all, worker.pid)]) kill(each.pid);
    await this.#startWorker();
  }

  async stop(): Promise<void> {
    for (const { child } of this.#daemons.toReversed()) await end(child);
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  #startWorker(): Promise<void> {
    const size = ['--host', '127.0.0.1', '--webui-port', '0', '--cores', '1', '--memory', '512M'];
    const place = ['--work-dir', join(this.#folder, 'work'), this.master];
    const main = 'org.apache.spark.deploy.worker.Worker';
    return this.#spawn('worker', /Successfully registered with master/, main, ...size, ...place);
  }

  async #spawn(name: string, isUp: RegExp, ...args: string[]): Promise<void> {
    const env = { ...process.env, ...this.env };
    const child = spawn(join(this.#bin, 'spark-class'), args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const daemon = { child, said: '' };
    this.#daemons.push(daemon);
    const log = createWriteStream(join(this.#folder, `${name}-${this.#daemons.length}.log`));
    for (const stream of [child.stdout, child.stderr]) {
      stream.pipe(log, { end: false });
      stream.on('data', (chunk) => {
        daemon.said += chunk;
      });
    }
    await until(`${name} is up`, async () => isUp.test(daemon.said));
  }
}

/** A process and those above it. */
function lineage(all: readonly TaskProcess[], pid: number): TaskProcess[] {
  const own = all.find((each) => each.pid === pid);
  return own === undefined ? [] : [own, ...lineage(all, own.parent)];
}

function descendants(all: readonly TaskProcess[], pid: number): TaskProcess[] {
  const children = all.filter(({ parent }) => parent === pid);
  return [...children, ...children.flatMap((child) => descendants(all, child.pid))];
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It was gone before.
  }
}
