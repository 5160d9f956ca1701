import { createServer, type Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type BatchService, openBatchService, toBatchError } from '../../src/engine/batch-service.ts';

interface Call {
  readonly path: string;
  // biome-ignore lint/suspicious/noExplicitAny: the requests of the SDK, of whatever shape
  readonly body: any;
}

type Reply = (call: Call) => { readonly status?: number; readonly body: object };

/** The endpoint of a region, as far as a test says what it answers. */
class Endpoint {
  readonly calls: Call[] = [];
  readonly #server: Server;
  reply: Reply = () => ({ body: {} });

  constructor() {
    this.#server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const call = { path: request.url ?? '', body: JSON.parse(Buffer.concat(chunks).toString('utf8')) };
      this.calls.push(call);
      const { status = 200, body } = this.reply(call);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

describe('AWS Batch', () => {
  let endpoint: Endpoint;
  let service: BatchService;

  beforeEach(async () => {
    endpoint = new Endpoint();
    vi.stubEnv('AWS_ENDPOINT_URL_BATCH', await endpoint.start());
    vi.stubEnv('AWS_REGION', 'eu-west-1');
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'testing');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'testing');
    service = await openBatchService();
  });
  afterEach(async () => {
    service.close();
    await endpoint.stop();
    vi.unstubAllEnvs();
  });

  test('is asked for at most 100 jobs at once', async () => {
    endpoint.reply = ({ body }) => ({
      body: { jobs: body.jobs.map((jobId: string) => ({ jobId, status: 'RUNNING' })) },
    });
    const ids = Array.from({ length: 250 }, (_, at) => `job-${at}`);
    expect((await service.describe(ids)).map(({ id }) => id)).toEqual(ids);
    expect(endpoint.calls.map(({ body }) => body.jobs.length)).toEqual([100, 100, 50]);
  });

  test('is asked for every page of a list', async () => {
    endpoint.reply = ({ body }) => {
      const page = Number(body.nextToken ?? 0);
      const jobSummaryList = [{ jobId: `a:${page}`, status: 'FAILED', arrayProperties: { index: page } }];
      return { body: { jobSummaryList, ...(page < 2 ? { nextToken: String(page + 1) } : {}) } };
    };
    expect((await service.children('a', 'FAILED')).map(({ index }) => index)).toEqual([0, 1, 2]);
    expect(endpoint.calls[0]).toEqual({
      path: '/v1/listjobs',
      body: { arrayJobId: 'a', jobStatus: 'FAILED' },
    });
  });

  test('is asked again where it is busy, and a driver hears nothing of it', async () => {
    let refusals = 2;
    endpoint.reply = () =>
      refusals-- > 0
        ? { status: 429, body: { __type: 'TooManyRequestsException', message: 'slow down' } }
        : { body: { jobName: 'x', jobId: 'job-1' } };
    expect(await service.submit({ jobName: 'x', jobQueue: 'q', jobDefinition: 'd' })).toBe('job-1');
    expect(endpoint.calls).toHaveLength(3);
  });

  test('finds the jobs of an earlier driver by their names', async () => {
    endpoint.reply = () => ({ body: { jobSummaryList: [{ jobId: 'job-1', jobName: 'pitwall-a-0' }] } });
    expect(await service.find('races', 'pitwall-a-')).toEqual(['job-1']);
    expect(endpoint.calls[0]?.body).toEqual({
      jobQueue: 'races',
      filters: [{ name: 'JOB_NAME', values: ['pitwall-a-*'] }],
    });
  });

  test('refuses what is wrong with a reason', async () => {
    endpoint.reply = () => ({
      status: 400,
      body: { __type: 'ClientException', message: 'Job queue q is disabled' },
    });
    await expect(service.submit({ jobName: 'x', jobQueue: 'q', jobDefinition: 'd' })).rejects.toMatchObject({
      kind: 'usage',
      message: 'AWS Batch refuses: ClientException: Job queue q is disabled',
    });
  });

  test.each([
    [{ jobQueues: [] }, '--batch-queue q: AWS Batch has none of this name in this account and region'],
    [
      { jobQueues: [{ jobQueueName: 'q', state: 'DISABLED' }] },
      'the Batch queue q is DISABLED; enable it, or name another',
    ],
  ])('is checked for its queue: %j', async (body, message) => {
    endpoint.reply = () => ({ body });
    await expect(service.check({ queue: 'q', jobDefinition: 'd' })).rejects.toMatchObject({
      kind: 'usage',
      message,
    });
  });

  test('gives the newest revision of a job definition that has no other named', async () => {
    endpoint.reply = ({ path }) =>
      path === '/v1/describejobqueues'
        ? { body: { jobQueues: [{ state: 'ENABLED' }] } }
        : { body: { jobDefinitions: [{ revision: 2 }, { revision: 10 }, { revision: 9 }] } };
    expect(await service.check({ queue: 'q', jobDefinition: 'd' })).toMatchObject({ revision: 10 });
    expect(endpoint.calls[1]?.body).toEqual({ jobDefinitionName: 'd', status: 'ACTIVE' });
  });
});

describe('an error of the SDK', () => {
  test.each([
    ['AccessDeniedException', 'usage'],
    ['CredentialsProviderError', 'usage'],
    ['ServerException', 'temporary'],
    ['TooManyRequestsException', 'temporary'],
    ['ExpiredTokenException', 'temporary'],
    ['TimeoutError', 'temporary'],
  ])('%s is %s', (name, kind) => {
    expect(toBatchError(Object.assign(new Error('no'), { name })).kind).toBe(kind);
  });

  test('of a missing region says where one is set', () => {
    expect(toBatchError(new Error('Region is missing'))).toMatchObject({
      kind: 'usage',
      message: 'AWS Batch needs a region: set AWS_REGION, or region in the profile',
    });
  });

  test.each([
    [new Error('socket hang up'), 'AWS Batch does not answer as it should: socket hang up'],
    ['gone', 'AWS Batch does not answer as it should: gone'],
    [
      Object.assign(new Error('late'), { name: 'TimeoutError' }),
      'AWS Batch does not answer as it should: TimeoutError: late',
    ],
  ])('is told by its name where it has one: %s', (error, message) => {
    expect(toBatchError(error).message).toBe(message);
  });
});
