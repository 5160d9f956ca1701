import { type AgentOptions, Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { ConnectOpts } from 'node:net';
import type { Duplex } from 'node:stream';

/** The agents of the requests to S3, with up to so many sockets each. */
export function s3Agents(maxSockets: number): { httpAgent: HttpAgent; httpsAgent: HttpsAgent } {
  const options: AgentOptions = { keepAlive: true, maxSockets };
  return { httpAgent: new WideHttpAgent(options), httpsAgent: new WideHttpsAgent(options) };
}

type Connect = HttpAgent['createConnection'];

class WideHttpAgent extends HttpAgent {
  override createConnection(...[options, onConnected]: Parameters<Connect>): ReturnType<Connect> {
    return readingWide((wide) => super.createConnection({ ...options, ...wide }, onConnected));
  }
}

class WideHttpsAgent extends HttpsAgent {
  override createConnection(...[options, onConnected]: Parameters<Connect>): ReturnType<Connect> {
    return readingWide((wide) => super.createConnection({ ...options, ...wide }, onConnected));
  }
}

/** What one read of a socket takes at most. All sockets share it: what was read is taken before another reads. */
const BUFFER = Buffer.allocUnsafeSlow(256 * 1024);

/**
 * Opens a socket that reads into the shared buffer. By itself it would read each 64 KiB into new memory, of which Node's
 * parser of HTTP makes a copy at once: twice the garbage, in more and smaller chunks.
 *
 * @see https://nodejs.org/api/net.html#socketconnectoptions-connectlistener
 */
function readingWide(connect: (wide: ConnectOpts) => Duplex | null | undefined): Duplex | null | undefined {
  const callback = (bytes: number): boolean => {
    // Where no request waits for it, the next one could not tell it from its reply.
    if (socket?.emit('data', BUFFER.subarray(0, bytes)) === false) socket.destroy();
    return true;
  };
  const socket = connect({ onread: { buffer: BUFFER, callback } });
  return socket;
}
