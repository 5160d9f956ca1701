import { type ChildProcess, spawn } from 'node:child_process';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { constants } from 'node:os';
import type { Moto } from '../../aws/moto-server.ts';
import { projectPath } from '../../project-path.ts';
import { until } from './until.ts';

const CLI = projectPath('dist/cli.cjs');

export const QUEUE = 'races';
export const JOB_DEFINITION = 'pitwall-task';

/**
 * What AWS Batch is for a driver: moto answers every call, and so judges it; the containers, of which moto has none
 * without Docker, are run here as processes, two at a time. Their states are put over those of moto.
 */
export interface BatchFleet {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Every job that was taken, with the commands of its children. */
  readonly jobs: readonly FleetJob[];
  /** How often each call was made, by its path. */
  readonly calls: ReadonlyMap<string, number>;
  /** The next so many calls are told to come later. */
  throttle(calls: number): void;
  /** Takes an instance away, with the container that has the process. */
  killHostOf(pid: number): void;
  /** Tells an instance that it will be taken away: its container is asked to stop. */
  interruptHostOf(pid: number): void;
  /** What containers find in their environment from now on, such as where S3 is: on AWS their role tells. */
  give(env: Readonly<Record<string, string | undefined>>): void;
  /** Waits until a job has ended. */
  ended(id: string): Promise<void>;
  stop(): Promise<void>;
}

export async function startBatchFleet(moto: Moto): Promise<BatchFleet> {
  const fleet = new Fleet(moto);
  await fleet.start();
  return fleet;
}

interface Retry {
  readonly onExitCode?: string;
  readonly onStatusReason?: string;
  readonly onReason?: string;
  readonly action: string;
}

interface SubmitJob {
  readonly jobName: string;
  readonly arrayProperties?: { readonly size: number };
  readonly containerOverrides: {
    readonly command: readonly string[];
    readonly environment?: readonly { readonly name: string; readonly value: string }[];
    readonly resourceRequirements: readonly { readonly type: string; readonly value: string }[];
  };
  readonly retryStrategy?: RetryStrategy;
}

interface RetryStrategy {
  readonly attempts: number;
  readonly evaluateOnExit: readonly Retry[];
}

/** Of the job definition, where a job says nothing itself. */
const NO_RETRIES: RetryStrategy = { attempts: 1, evaluateOnExit: [] };

export interface FleetJob {
  readonly id: string;
  readonly request: SubmitJob;
  readonly children: readonly Child[];
}

interface Child {
  readonly id: string;
  readonly index: number;
  attempt: number;
  status: 'RUNNABLE' | 'RUNNING' | 'SUCCEEDED' | 'FAILED';
  statusReason: string;
  reason: string;
  exitCode: number | undefined;
  process: ChildProcess | undefined;
  /** What will have ended it, if not itself. */
  cause: string | undefined;
  isTerminated: boolean;
}

const SLOTS = 2;
const HOST_LOST = 'Host EC2 (instance i-0123456789abcdef0) terminated.';
/** Real ones stop containers after 30 s. */
const STOP_TIMEOUT_MS = 30_000;
const MOST_DESCRIBED = 100;

class Fleet implements BatchFleet {
  readonly #moto: Moto;
  readonly #server: Server;
  readonly jobs: FleetJob[] = [];
  readonly calls = new Map<string, number>();
  #throttled = 0;
  #given: Readonly<Record<string, string | undefined>> = {};
  #port = 0;
  #isStopping = false;

  constructor(moto: Moto) {
    this.#moto = moto;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  get args(): string[] {
    return ['--engine', 'batch', '--batch-queue', QUEUE, '--batch-job-definition', JOB_DEFINITION];
  }

  get env(): Record<string, string> {
    return { ...this.#moto.env, AWS_ENDPOINT_URL: `http://127.0.0.1:${this.#port}` };
  }

  async start(): Promise<void> {
    await setUpMoto(this.#moto.endpoint);
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const address = this.#server.address();
    this.#port = typeof address === 'object' && address !== null ? address.port : 0;
  }

  throttle(calls: number): void {
    this.#throttled = calls;
  }

  give(env: Readonly<Record<string, string | undefined>>): void {
    this.#given = env;
  }

  async ended(id: string): Promise<void> {
    const isOver = ({ status }: Child) => status === 'SUCCEEDED' || status === 'FAILED';
    await until(`the job ${id} has ended`, async () => {
      return this.jobs.find((job) => job.id === id)?.children.every(isOver) ?? false;
    });
  }

  killHostOf(pid: number): void {
    const child = this.#childOf(pid);
    child.cause = HOST_LOST;
    child.process?.kill('SIGKILL');
  }

  interruptHostOf(pid: number): void {
    this.#childOf(pid).process?.kill('SIGTERM');
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    for (const { process } of this.#children()) process?.kill('SIGKILL');
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request);
    const path = request.url ?? '/';
    this.calls.set(path, (this.calls.get(path) ?? 0) + 1);
    const { status, answer } = await this.#handle(path, request, body);
    response.writeHead(status, { 'content-type': 'application/json', ...errorType(answer) });
    response.end(JSON.stringify(answer));
  }

  async #handle(path: string, request: IncomingMessage, body: string): Promise<Answer> {
    if (this.#throttled > 0) {
      this.#throttled--;
      return { status: 429, answer: { __type: 'TooManyRequestsException', message: 'slow down' } };
    }
    const asked = JSON.parse(body === '' ? '{}' : body);
    if (path === '/v1/describejobs' && asked.jobs.length > MOST_DESCRIBED) return refusal('too many jobs');
    const { status, answer } = await this.#forward(path, request, body);
    if (status !== 200) return { status, answer };
    switch (path) {
      case '/v1/submitjob':
        this.#take(answer.jobId, asked);
        return { status, answer };
      case '/v1/describejobs':
        return { status, answer: { jobs: answer.jobs.map((job: { jobId: string }) => this.#describe(job)) } };
      case '/v1/listjobs':
        return { status, answer: this.#list(asked) };
      case '/v1/terminatejob':
        this.#terminate(asked.jobId, asked.reason);
        return { status, answer };
      default:
        return { status, answer };
    }
  }

  async #forward(path: string, { method = 'POST', headers }: IncomingMessage, body: string): Promise<Answer> {
    const { authorization = '' } = headers;
    const answer = await fetch(this.#moto.endpoint + path, { method, headers: { authorization }, body });
    const text = await answer.text();
    return { status: answer.status, answer: text === '' ? {} : JSON.parse(text) };
  }

  #take(id: string, request: SubmitJob): void {
    const { size } = request.arrayProperties ?? {};
    const children = Array.from({ length: size ?? 1 }, (_, index) =>
      newChild(size === undefined ? id : `${id}:${index}`, index),
    );
    this.jobs.push({ id, request, children });
    this.#fill();
  }

  #fill(): void {
    for (const job of this.jobs)
      for (const child of job.children)
        if (child.status === 'RUNNABLE' && this.#running() < SLOTS && !this.#isStopping)
          this.#run(job, child);
  }

  #running(): number {
    return this.#children().filter(({ status }) => status === 'RUNNING').length;
  }

  #run({ request }: FleetJob, child: Child): void {
    const { command, environment = [] } = request.containerOverrides;
    child.status = 'RUNNING';
    child.attempt++;
    const array = request.arrayProperties && { AWS_BATCH_JOB_ARRAY_INDEX: String(child.index) };
    const env = {
      PATH: process.env.PATH,
      ...this.#given,
      ...Object.fromEntries(environment.map(({ name, value }) => [name, value])),
      ...array,
      AWS_BATCH_JOB_ATTEMPT: String(child.attempt),
    };
    child.process = spawn(process.execPath, [CLI, ...command], { env, cwd: '/', stdio: 'ignore' });
    child.process.on('exit', (code, signal) =>
      this.#ended(request, child, code ?? 128 + constants.signals[signal!]),
    );
  }

  #ended({ retryStrategy = NO_RETRIES }: SubmitJob, child: Child, exitCode: number): void {
    child.process = undefined;
    child.statusReason = child.cause ?? (exitCode === 0 ? '' : 'Essential container in task exited');
    child.exitCode = child.cause === HOST_LOST ? undefined : exitCode;
    child.cause = undefined;
    const isAgain = exitCode !== 0 && !child.isTerminated && isRetried(retryStrategy, child);
    child.status = exitCode === 0 ? 'SUCCEEDED' : isAgain ? 'RUNNABLE' : 'FAILED';
    this.#fill();
  }

  #terminate(id: string, reason: string): void {
    const job = this.jobs.find((each) => each.id === id);
    for (const child of job?.children ?? []) {
      child.isTerminated = true;
      if (child.status === 'RUNNABLE') Object.assign(child, { status: 'FAILED', statusReason: reason });
      if (child.status === 'RUNNING') stopContainer(child, reason);
    }
  }

  #describe(job: { jobId: string }): object {
    const known = this.jobs.find(({ id }) => id === job.jobId);
    if (known === undefined)
      return { ...job, ...describe(this.#children().find(({ id }) => id === job.jobId)) };
    if (known.request.arrayProperties === undefined) return { ...job, ...describe(known.children[0]) };
    const { size } = known.request.arrayProperties;
    return { ...job, status: statusOf(known), arrayProperties: { size, statusSummary: summaryOf(known) } };
  }

  #list({ arrayJobId, jobStatus, filters }: ListJobs): object {
    const children = this.jobs.find(({ id }) => id === arrayJobId)?.children ?? [];
    const listed = children.filter(({ status }) => status === jobStatus);
    const prefix = filters?.[0]?.values[0]?.replace('*', '') ?? '\0';
    const named = this.jobs.filter(({ request }) => request.jobName.startsWith(prefix));
    const summaries =
      arrayJobId === undefined ? named.map(({ id }) => ({ jobId: id })) : listed.map(summarise);
    return { jobSummaryList: summaries };
  }

  #children(): Child[] {
    return this.jobs.flatMap(({ children }) => children);
  }

  #childOf(pid: number): Child {
    const child = this.#children().find(({ process }) => process?.pid === pid);
    if (child === undefined) throw new Error(`no container has the process ${pid}`);
    return child;
  }
}

interface ListJobs {
  readonly arrayJobId?: string;
  readonly jobStatus?: string;
  readonly filters?: readonly { readonly values: readonly string[] }[];
}

interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: the answers of moto, of whatever shape
  readonly answer: any;
}

function refusal(message: string): Answer {
  return { status: 400, answer: { __type: 'ClientException', message } };
}

function errorType({ __type }: { __type?: string }): Record<string, string> {
  return __type === undefined ? {} : { 'x-amzn-errortype': __type };
}

function newChild(id: string, index: number): Child {
  const none = { exitCode: undefined, process: undefined, cause: undefined, isTerminated: false };
  return { id, index, attempt: 0, status: 'RUNNABLE', statusReason: '', reason: '', ...none };
}

/** As Batch does it: the first rule that matches; without one the job is run again. */
function isRetried({ attempts, evaluateOnExit }: RetryStrategy, child: Child): boolean {
  const matches = (pattern: string | undefined, value: string) =>
    pattern === undefined || new RegExp(`^${pattern.replace('*', '.*')}$`).test(value);
  const rule = evaluateOnExit.find(
    ({ onExitCode, onStatusReason, onReason }) =>
      matches(onExitCode, String(child.exitCode ?? '')) &&
      matches(onStatusReason, child.statusReason) &&
      matches(onReason, child.reason),
  );
  return child.attempt < attempts && rule?.action !== 'EXIT';
}

function stopContainer(child: Child, reason: string): void {
  child.cause = reason;
  const { process } = child;
  const killing = setTimeout(() => process?.kill('SIGKILL'), STOP_TIMEOUT_MS);
  process?.on('exit', () => clearTimeout(killing));
  process?.kill('SIGTERM');
}

function describe(child: Child | undefined): object {
  const { status = 'FAILED', statusReason, reason, exitCode } = child ?? {};
  return { status, statusReason, container: { exitCode, reason } };
}

function summarise(child: Child): object {
  return { jobId: child.id, arrayProperties: { index: child.index }, ...describe(child) };
}

function statusOf({ children }: FleetJob): string {
  if (children.some(({ status }) => status === 'RUNNABLE' || status === 'RUNNING')) return 'PENDING';
  return children.some(({ status }) => status === 'FAILED') ? 'FAILED' : 'SUCCEEDED';
}

function summaryOf({ children }: FleetJob): Record<string, number> {
  const summary: Record<string, number> = {};
  for (const { status } of children) summary[status] = (summary[status] ?? 0) + 1;
  return summary;
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** A queue and a job definition, and no Docker. */
async function setUpMoto(endpoint: string): Promise<void> {
  await post(`${endpoint}/moto-api/config`, { batch: { use_docker: false } });
  const environment = { computeEnvironmentName: 'fleet', type: 'UNMANAGED', state: 'ENABLED' };
  const role = await createRole(endpoint);
  await post(`${endpoint}/v1/createcomputeenvironment`, { ...environment, serviceRole: role });
  const order = [{ order: 1, computeEnvironment: 'fleet' }];
  await post(`${endpoint}/v1/createjobqueue`, {
    ...{ jobQueueName: QUEUE, state: 'ENABLED', priority: 1, computeEnvironmentOrder: order },
  });
  await post(`${endpoint}/v1/registerjobdefinition`, {
    jobDefinitionName: JOB_DEFINITION,
    type: 'container',
    containerProperties: {
      image: 'pitwall',
      command: ['--version'],
      resourceRequirements: [
        { type: 'VCPU', value: '2' },
        { type: 'MEMORY', value: '2048' },
      ],
    },
  });
}

async function createRole(endpoint: string): Promise<string> {
  const form = {
    Action: 'CreateRole',
    Version: '2010-05-08',
    RoleName: 'batch',
    AssumeRolePolicyDocument: '{}',
  };
  const answer = await fetch(endpoint, {
    method: 'POST',
    headers: { authorization: credential('iam'), 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(form),
  });
  return /<Arn>(.*?)<\/Arn>/.exec(await answer.text())?.[1] ?? '';
}

async function post(url: string, body: object): Promise<void> {
  const headers = { authorization: credential('batch'), 'content-type': 'application/json' };
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
}

/** By the service in it moto knows whom a call is for. */
function credential(service: string): string {
  return `AWS4-HMAC-SHA256 Credential=testing/20260101/eu-west-1/${service}/aws4_request, SignedHeaders=host, Signature=x`;
}
