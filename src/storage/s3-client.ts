import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { PitwallError } from '../error.ts';
import { createGate, type Gate } from './gate.ts';
import { quietSdk } from './quiet-sdk.ts';
import { s3Agents } from './s3-agents.ts';
import { DEFAULT_LIMITS, type S3Limits, type S3Options } from './s3-options.ts';

/** What every request to S3 needs. */
export interface S3 {
  readonly options: S3Options;
  readonly limits: S3Limits;
  /** Lets as many requests through as there are sockets: one that waits for a socket would time out. */
  readonly gate: Gate;
  client(): Promise<S3Client>;
  /** Whether listings come in the order of the bytes of keys. Some servers go through folders instead: `a/` before `a-1`. */
  ordersByBytes(): Promise<boolean>;
  /** Has the next request ask for credentials anew, files of profiles included, if this client is still in use. */
  forget(client: S3Client): void;
  /** What came of the requests so far. */
  answers: Answers;
}

/**
 * Until one is answered, a server that cannot be reached is likely a wrong address: that is tried for a shorter time, and
 * not again once one request was given up.
 */
export type Answers = 'none yet' | 'given up' | 'some';

export function openS3(options: S3Options = {}): S3 {
  const limits = limitsOf(options);
  const connect = connector(options, limits);
  let client: Promise<S3Client> | undefined;
  let current: S3Client | undefined;
  return {
    options,
    limits,
    gate: createGate(limits.requests),
    answers: 'none yet',
    async client() {
      client ??= connect();
      current = await client;
      return current;
    },
    async ordersByBytes() {
      const { config } = await this.client();
      return options.ordersByBytes ?? config.forcePathStyle === false;
    },
    forget(old) {
      if (current === old) client = undefined;
    },
  };
}

const nothing = () => undefined;
const VOID_LOGGER = { trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };

/** The SDK begins to watch a socket 3 s late: with this, no request waits for 30 s. */
const LONGEST_IDLE_MS = 25_000;

function limitsOf({ limits }: S3Options): S3Limits {
  const all = { ...DEFAULT_LIMITS, ...limits };
  return { ...all, idleTimeoutMs: Math.min(all.idleTimeoutMs, LONGEST_IDLE_MS) };
}

/** The SDK tries once: only who repeats a request knows that a refusal may be the answer to its own first try. */
function connector(options: S3Options, limits: S3Limits): () => Promise<S3Client> {
  quietSdk();
  const shared = {
    maxAttempts: 1,
    followRegionRedirects: true,
    // Saves a round trip for each upload; what it would spare is a body sent in vain.
    expectContinueHeader: false,
    // The credentials of a profile's file are read again when they are asked for again.
    ignoreCache: true,
    logger: VOID_LOGGER,
    requestHandler: {
      connectionTimeout: Math.min(limits.idleTimeoutMs, 10_000),
      // A little longer than that of bodies, which says more.
      socketTimeout: limits.idleTimeoutMs + 200,
      ...s3Agents(limits.requests),
    },
    ...(options.profile === undefined ? {} : { profile: options.profile }),
  };
  return async () => {
    const found = new S3Client(shared);
    const endpoint = withoutUserinfo(options.endpoint ?? (await configuredEndpoint(found)));
    return new S3Client({
      ...shared,
      ...placeOf(endpoint, options),
      region: options.region ?? (await configuredRegion(found)),
    });
  };
}

function placeOf(endpoint: URL | undefined, { forcePathStyle }: S3Options): S3ClientConfig {
  if (endpoint === undefined) return { forcePathStyle: forcePathStyle ?? false };
  const isAws = /\.amazonaws\.com(\.cn)?$/.test(endpoint.hostname);
  return { endpoint: endpoint.href.replace(/\/$/, ''), forcePathStyle: forcePathStyle ?? !isAws };
}

async function configuredRegion(client: S3Client): Promise<string> {
  const known = await client.config.region().catch(() => undefined);
  return known ?? process.env.AWS_DEFAULT_REGION ?? 'us-east-1';
}

/** Of the environment or of the profile, as the SDK finds it. */
async function configuredEndpoint({ config }: S3Client): Promise<string | undefined> {
  if (process.env.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS === 'true') return undefined;
  if (!('serviceConfiguredEndpoint' in config)) return undefined;
  const find: unknown = config.serviceConfiguredEndpoint;
  const endpoint: unknown = typeof find === 'function' ? await find() : undefined;
  return typeof endpoint === 'string' ? endpoint : undefined;
}

/** S3 takes its credentials from elsewhere, and what stands in an address ends in messages. */
function withoutUserinfo(endpoint: string | undefined): URL | undefined {
  if (endpoint === undefined || endpoint === '') return undefined;
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) throw badEndpoint();
  url.username = '';
  url.password = '';
  return url;
}

function badEndpoint(): PitwallError {
  const message =
    'the endpoint of S3 is no address; expected https://host or http://host:port in AWS_ENDPOINT_URL_S3 or --s3-endpoint';
  return new PitwallError('usage', message);
}
