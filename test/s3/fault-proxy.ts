import { once } from 'node:events';
import {
  Agent,
  createServer,
  type IncomingMessage,
  type RequestOptions,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { Random } from '../publish/simulation/random.ts';
import type { Exchange } from './exchange.ts';
import type { FaultRule, SeenRequest } from './fault.ts';
import { answer, passBody } from './fault-reply.ts';
import { createPace } from './pace.ts';

export interface FaultProxyOptions {
  /** The server behind it, as `http://host:port`. */
  readonly upstream: string;
  /** What a round trip takes longer; a connection's first request pays for two, as it does on a network. */
  readonly roundTripMs?: number;
  /** Of all connections together, each way; without a limit by default. */
  readonly bytesPerSecond?: number;
  readonly seed?: number;
  /** Whether `seen` is kept; not for benchmarks. */
  readonly isRecording?: boolean;
  /** Called when a request's reply has passed. */
  readonly onPassed?: (passage: Passage) => void;
}

/** A request and its reply; times are those of `performance.now()`. */
export interface Passage {
  readonly method: string;
  readonly path: string;
  readonly startedMs: number;
  readonly endedMs: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
}

/** A proxy between a client and a server of S3, in which everything can go wrong that does on a network. */
export interface FaultProxy {
  readonly endpoint: string;
  /** The first that strikes is taken. May be changed at any time. */
  rules: FaultRule[];
  /** Every request that came, in order; emptied by whoever looks. */
  seen: SeenRequest[];
  roundTripMs: number;
  readonly counts: { requests: number; faults: number; bytesDown: number };
  close(): Promise<void>;
}

/** Starts it on a free port of the loopback. It streams: bodies are held only where a fault changes their text. */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const { upstream, roundTripMs = 0, bytesPerSecond, seed = 1, isRecording = true } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: 1024 });
  const random = new Random(seed);
  const sockets = new Set<Socket>();
  const known = new WeakSet<Socket>();
  const struck = new Map<FaultRule, number>();
  const server = createServer({ keepAliveTimeout: 60_000, noDelay: true });
  const pace = bytesPerSecond === undefined ? undefined : createPace(bytesPerSecond);

  function pick(seen: SeenRequest): FaultRule | undefined {
    return proxy.rules.find((rule) => {
      const times = struck.get(rule) ?? 0;
      if (rule.when?.(seen) === false || times >= (rule.times ?? Number.POSITIVE_INFINITY)) return false;
      if (rule.rate !== undefined && random.next() >= rule.rate) return false;
      struck.set(rule, times + 1);
      return true;
    });
  }

  async function serve(incoming: IncomingMessage, reply: ServerResponse): Promise<void> {
    const seen = seenRequest(incoming);
    const startedMs = performance.now();
    if (isRecording) proxy.seen.push(seen);
    proxy.counts.requests += 1;
    const trips = known.has(incoming.socket) ? 1 : 2;
    known.add(incoming.socket);
    if (proxy.roundTripMs > 0) await pause(proxy.roundTripMs * trips);
    const rule = pick(seen);
    if (rule !== undefined) proxy.counts.faults += 1;
    const counts = countingFor(proxy.counts);
    await forward({ upstream, agent, incoming, reply, pace, counts }, rule);
    options.onPassed?.({
      method: seen.method,
      path: seen.path,
      startedMs,
      endedMs: performance.now(),
      bytesUp: Number(seen.headers['content-length'] ?? 0),
      bytesDown: counts.bytesDown,
    });
  }

  const proxy: FaultProxy = {
    endpoint: '',
    rules: [],
    seen: [],
    roundTripMs,
    counts: { requests: 0, faults: 0, bytesDown: 0 },
    async close() {
      for (const socket of sockets) socket.destroy();
      agent.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('request', (incoming, reply) => {
    serve(incoming, reply).catch(() => incoming.socket.destroy());
  });
  return Object.assign(proxy, { endpoint: await listen(server) });
}

/** The count of one request, which adds to that of all. */
function countingFor(all: { bytesDown: number }): { bytesDown: number } {
  let own = 0;
  return {
    get bytesDown() {
      return own;
    },
    set bytesDown(bytes) {
      all.bytesDown += bytes - own;
      own = bytes;
    },
  };
}

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  return `http://127.0.0.1:${address.port}`;
}

function seenRequest({ method = '', url = '/', headers }: IncomingMessage): SeenRequest {
  const [path = '/', query = ''] = url.split('?');
  return { method, path: decodeURIComponent(path), query: new URLSearchParams(query), headers };
}

async function forward(exchange: Exchange, rule: FaultRule | undefined): Promise<void> {
  const { incoming, reply } = exchange;
  const fault = rule?.fault;
  if (fault?.kind === 'reset before') return void incoming.socket.resetAndDestroy();
  if (fault?.kind === 'answer') return await answer(incoming, reply, fault);
  const back = await ask(exchange, fault?.kind === 'strip' ? fault.header : undefined);
  if (fault?.kind === 'silence') return void back.resume();
  if (fault?.kind === 'reset after' || fault?.kind === 'answer after') {
    await once(back.resume(), 'end');
    if (fault.kind === 'answer after') return await answer(incoming, reply, fault);
    return void incoming.socket.resetAndDestroy();
  }
  await passBody(exchange, back, fault);
}

/** Sends the request on as it came, its signed headers too. */
async function ask(
  { upstream, agent, incoming, pace }: Exchange,
  stripped: string | undefined,
): Promise<IncomingMessage> {
  const { hostname, port } = new URL(upstream);
  const headers = withoutHeader(incoming.rawHeaders, stripped);
  const options: RequestOptions = {
    hostname,
    port,
    method: incoming.method,
    path: incoming.url,
    headers,
    agent,
  };
  const outgoing = request(options);
  incoming.once('close', () => {
    if (!incoming.complete) outgoing.destroy();
  });
  const arrived = once(outgoing, 'response');
  if (pace === undefined) incoming.pipe(outgoing);
  else pace.pipe(incoming, outgoing);
  const [back] = await arrived;
  return back;
}

function withoutHeader(raw: readonly string[], name: string | undefined): string[] {
  return raw.filter((_, index) => raw[index - (index % 2)]?.toLowerCase() !== name);
}
