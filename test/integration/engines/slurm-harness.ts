import { type ChildProcess, execFile as execFileLater, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, hostname, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isInstalled } from '../../../src/engine/run-program.ts';
import { freePorts } from './free-ports.ts';
import { processes } from './machine-processes.ts';
import { until } from './until.ts';

const execFile = promisify(execFileLater);

const PROGRAMS = ['munged', 'slurmctld', 'slurmd', 'sbatch', 'squeue', 'scancel', 'scontrol'];
const NODES = ['n1', 'n2'];
/** Small, so that a step needs several arrays. */
export const MAX_ARRAY_SIZE = 4;

/** The programs of Slurm that are not installed here. */
export function missingPrograms(): string[] {
  return PROGRAMS.filter((program) => !isInstalled(program));
}

/** A Slurm of its own: munge, a controller and two nodes, all on this machine's loopback. */
export interface SlurmHarness {
  /** With which the client programs find it. */
  readonly env: NodeJS.ProcessEnv;
  /** Ends a node and all that runs on it, as a machine that loses its power, and brings it back when that runs elsewhere. */
  killNodeOf(pid: number): Promise<void>;
  scontrol(...args: string[]): Promise<string>;
  squeue(...args: string[]): Promise<string>;
  scancel(...args: string[]): Promise<string>;
  stop(): Promise<void>;
}

/** @throws when it does not come up; then all of its processes are ended */
export async function startSlurm(): Promise<SlurmHarness> {
  const slurm = new Slurm(await mkdtemp(join(tmpdir(), 'pitwall-slurm-')));
  try {
    await slurm.start();
    return slurm;
  } catch (error) {
    await slurm.stop();
    throw error;
  }
}

interface SlurmJob {
  readonly id: string;
  readonly state: string;
  readonly reason: string;
  /** Where it runs, or ran last. */
  readonly node: string;
}

class Slurm implements SlurmHarness {
  readonly #folder: string;
  readonly #daemons = new Map<string, ChildProcess>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  get env(): NodeJS.ProcessEnv {
    return { SLURM_CONF: join(this.#folder, 'slurm.conf') };
  }

  async start(): Promise<void> {
    const folder = this.#folder;
    // munged refuses a key that others could read, and a socket in a folder that they cannot.
    await chmod(folder, 0o755);
    for (const name of ['state', 'spool', 'log']) await mkdir(join(folder, name));
    await writeFile(join(folder, 'munge.key'), randomBytes(128), { mode: 0o400 });
    await writeFile(join(folder, 'slurm.conf'), configuration(folder, await freePorts(3)));
    const at = (name: string) => join(folder, name);
    const munge = { socket: 'munge.socket', 'key-file': 'munge.key', 'pid-file': 'munge.pid' };
    const files = { ...munge, 'log-file': 'log/munge', 'seed-file': 'munge.seed' };
    const options = Object.entries(files).map(([option, name]) => `--${option}=${at(name)}`);
    this.#spawn('munged', 'munged', '--foreground', ...options);
    this.#spawn('slurmctld', 'slurmctld', '-D');
    await until('slurmctld answers', () => this.#isUp());
    for (const node of NODES) this.#startNode(node);
    await this.#untilIdle();
  }

  async killNodeOf(pid: number): Promise<void> {
    const all = await processes();
    const [, node = ''] =
      /\0SLURMD_NODENAME=(\w+)\0/.exec(all.find((each) => each.pid === pid)?.env ?? '') ?? [];
    const daemon = this.#daemons.get(node);
    if (daemon === undefined) throw new Error(`process ${pid} runs on no node: ${node}`);
    await end(daemon, 'SIGKILL');
    const jobs = all.filter(({ env, command }) => {
      return (
        env.includes(`\0SLURMD_NODENAME=${node}\0`) &&
        env.includes(`\0SLURM_CONF=${this.env.SLURM_CONF}\0`) &&
        !command.startsWith('slurmstepd')
      );
    });
    const parents = new Set(jobs.map(({ parent }) => parent));
    const steps = all.filter((each) => parents.has(each.pid) && each.command.startsWith('slurmstepd'));
    for (const each of [...steps, ...jobs]) kill(each.pid);
    const lost = (await this.#jobs()).filter((job) => job.node === node).map(({ id }) => id);
    await this.scontrol('update', `NodeName=${node}`, 'State=DOWN', 'Reason=killed');
    await until('the jobs of the node go on elsewhere', () => this.#goOnElsewhere(lost, node));
    // It is in service again as soon as it has registered: ReturnToService is 2. What it is told to end then, once more,
    // must not have been given to it again: Slurm waits two minutes before it does that.
    this.#startNode(node);
    await this.#untilInService(node);
  }

  /** Has jobs that were queued again start at once. Whether all are done, or at work on another node. */
  async #goOnElsewhere(lost: readonly string[], node: string): Promise<boolean> {
    const jobs = (await this.#jobs()).filter(({ id }) => lost.includes(id));
    const waiting = jobs.filter(({ state, reason }) => state === 'PENDING' && reason === 'BeginTime');
    for (const { id } of waiting) await this.scontrol('update', `JobId=${id}`, 'StartTime=now');
    return jobs.every((job) => job.node !== '' && job.node !== node);
  }

  async #jobs(): Promise<SlurmJob[]> {
    const lines = (await this.squeue('--format=%i|%T|%r|%N')).split('\n').filter(Boolean);
    return lines.map((line) => {
      const [id = '', state = '', reason = '', node = ''] = line.split('|');
      return { id, state, reason, node };
    });
  }

  scontrol(...args: string[]): Promise<string> {
    return this.#client('scontrol', args);
  }

  squeue(...args: string[]): Promise<string> {
    return this.#client('squeue', ['--noheader', '--array', ...args]);
  }

  scancel(...args: string[]): Promise<string> {
    return this.#client('scancel', args);
  }

  async stop(): Promise<void> {
    await this.scancel('--me').catch(() => undefined);
    await until('all jobs have ended', async () => (await this.squeue().catch(() => '')) === '');
    for (const daemon of [...this.#daemons.values()].reverse()) await end(daemon, 'SIGTERM');
    await rm(this.#folder, { recursive: true, force: true });
  }

  #startNode(node: string): void {
    this.#spawn(node, 'slurmd', '-D', '-N', node);
  }

  #spawn(name: string, program: string, ...args: string[]): void {
    const log = createWriteStream(join(this.#folder, 'log', `${name}.out`), { flags: 'a' });
    const daemon = spawn(program, args, {
      env: { ...process.env, ...this.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    daemon.stdout.pipe(log, { end: false });
    daemon.stderr.pipe(log, { end: false });
    this.#daemons.set(name, daemon);
  }

  async #isUp(): Promise<boolean> {
    return this.scontrol('ping').then(
      (text) => text.includes('is UP'),
      () => false,
    );
  }

  async #untilIdle(): Promise<void> {
    const states = async () => (await this.#client('sinfo', ['--noheader', '-o', '%D %t'])).trim();
    await until('the nodes are idle', async () => (await states()) === `${NODES.length} idle`);
  }

  async #untilInService(node: string): Promise<void> {
    const state = () => this.#client('sinfo', ['--noheader', '--nodes', node, '-o', '%T']);
    await until(`node ${node} is in service again`, async () =>
      /^(idle|mixed|allocated)\n$/.test(await state()),
    );
  }

  async #client(program: string, args: readonly string[]): Promise<string> {
    const env = { ...process.env, ...this.env };
    return (await execFile(program, [...args], { env })).stdout;
  }
}

/** https://slurm.schedmd.com/slurm.conf.html: nothing but loopback, nothing outside its folder. */
function configuration(folder: string, [port, ...ports]: readonly number[]): string {
  const user = userInfo().username;
  const host = hostname();
  const processors = availableParallelism();
  return [
    'ClusterName=pitwall',
    `SlurmctldHost=${host}(127.0.0.1)`,
    `SlurmctldPort=${port}`,
    `SlurmUser=${user}`,
    `SlurmdUser=${user}`,
    'AuthType=auth/munge',
    `AuthInfo=socket=${folder}/munge.socket`,
    'CommunicationParameters=NoCtldInAddrAny,NoInAddrAny',
    `StateSaveLocation=${folder}/state`,
    `SlurmdSpoolDir=${folder}/spool/%n`,
    `SlurmctldPidFile=${folder}/slurmctld.pid`,
    `SlurmdPidFile=${folder}/slurmd-%n.pid`,
    `SlurmctldLogFile=${folder}/log/slurmctld`,
    `SlurmdLogFile=${folder}/log/%n`,
    'ProctrackType=proctrack/linuxproc',
    'TaskPlugin=task/none',
    'SelectType=select/cons_tres',
    'SelectTypeParameters=CR_CPU',
    'MpiDefault=none',
    'SwitchType=switch/none',
    'ReturnToService=2',
    'KillWait=10',
    `MaxArraySize=${MAX_ARRAY_SIZE}`,
    'SchedulerParameters=sched_interval=1,bf_interval=1',
    `PartitionName=main Nodes=${NODES.join(',')} Default=YES State=UP`,
    ...NODES.map(
      (node, place) =>
        `NodeName=${node} NodeHostname=${host} NodeAddr=127.0.0.1 Port=${ports[place]} CPUs=${processors}`,
    ),
    '',
  ].join('\n');
}

async function end(daemon: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (daemon.exitCode !== null || daemon.signalCode !== null) return;
  const ended = new Promise((resolve) => daemon.once('exit', resolve));
  daemon.kill(signal);
  await ended;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It was gone before.
  }
}
