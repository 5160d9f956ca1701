import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttp, type RequestListener, request, type Server } from 'node:http';
import { createServer as createHttps, request as requestSecure } from 'node:https';
import { createServer as createTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { s3Agents } from '../../src/storage/s3-agents.ts';
import { someBytes } from './s3-rig.ts';

const BYTES = 3_000_000;
const AT_ONCE = 8;

let close: () => void = () => undefined;
afterEach(() => close());

describe('the agents of requests to S3', () => {
  it('give many replies at once their own bytes', async () => {
    const port = await listen(createHttp(answer));
    const { httpAgent: agent } = s3Agents(4);
    const bodies = await Promise.all(paths().map((path) => get(request({ port, path, agent }))));
    expect(bodies.map(isExpected)).toEqual(paths().map(() => true));
    agent.destroy();
  });

  it('do so over TLS', async () => {
    const { key, cert } = selfSigned();
    const port = await listen(createHttps({ key, cert }, answer));
    const { httpsAgent } = s3Agents(4);
    const agent = Object.assign(httpsAgent, { options: { ...httpsAgent.options, ca: cert } });
    const ask = (path: string) => get(requestSecure({ port, path, agent, host: 'localhost' }));
    const bodies = await Promise.all(paths().map(ask));
    expect(bodies.map(isExpected)).toEqual(paths().map(() => true));
    agent.destroy();
  });

  it('close a socket on which more came than a reply', async () => {
    const replies = ['HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok', 'stray'];
    const server = createTcp((socket) => {
      socket.once('data', () => socket.write(replies[0] ?? ''));
      socket.on('error', () => undefined);
      strays.push(() => socket.write(replies[1] ?? ''));
    });
    const strays: (() => void)[] = [];
    const port = await listen(server);
    const { httpAgent: agent } = s3Agents(1);
    const freed = once(agent, 'free');
    const asked = request({ port, agent });
    expect((await get(asked)).toString()).toBe('ok');
    await freed;
    const closed = once(asked.socket ?? asked, 'close');
    strays[0]?.();
    await closed;
    agent.destroy();
  });
});

function paths(): string[] {
  return Array.from({ length: AT_ONCE }, (_, index) => `/${index}`);
}

const answer: RequestListener = ({ url = '' }, reply) => void reply.end(bytesAt(url));

/** Of each path others. */
function bytesAt(path: string): Buffer {
  return someBytes(BYTES).fill(path, 0, 100_000);
}

function isExpected(body: Buffer, index: number): boolean {
  return body.equals(bytesAt(`/${index}`));
}

async function get(asking: ReturnType<typeof request>): Promise<Buffer> {
  asking.end();
  const [reply] = await once(asking, 'response');
  return await buffer(reply);
}

async function listen(server: Server | ReturnType<typeof createTcp>): Promise<number> {
  server.listen(0, '127.0.0.1');
  close = () => server.close();
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}

function selfSigned(): { key: string; cert: string } {
  const folder = mkdtempSync(join(tmpdir(), 'pitwall-tls-'));
  try {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    execFileSync('openssl', [...args, ...subject, '-keyout', key, '-out', cert], { stdio: 'ignore' });
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
