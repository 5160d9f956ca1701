import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Exchange } from './exchange.ts';
import { errorXml, type Fault } from './fault.ts';

/** Answers in the server's place. The body is read first, as a server does that answers to all of it. */
export async function answer(
  incoming: IncomingMessage,
  reply: ServerResponse,
  fault: Extract<Fault, { status: number }>,
): Promise<void> {
  if (!incoming.complete) await once(incoming.resume(), 'end');
  const text = incoming.method === 'HEAD' ? '' : errorXml(fault.code);
  reply.writeHead(fault.status, {
    'content-type': 'application/xml',
    ...('headers' in fault ? fault.headers : {}),
  });
  reply.end(text);
}

/** Gives the client the server's reply, with what the fault does to its body. */
export async function passBody(
  exchange: Exchange,
  back: IncomingMessage,
  fault: Fault | undefined,
): Promise<void> {
  const { reply } = exchange;
  reply.once('close', () => back.destroy());
  if (fault?.kind === 'body' || fault?.kind === 'rewrite') return await passText(reply, back, fault);
  reply.writeHead(back.statusCode ?? 502, back.statusMessage, headersFor(back, fault));
  reply.flushHeaders();
  const count = (chunk: Buffer) => {
    exchange.counts.bytesDown += chunk.length;
  };
  back.on('data', count);
  const change = fault === undefined ? undefined : changeOf(fault, reply);
  await copy(exchange, back, change).catch(() => reply.destroy());
}

async function copy(
  { reply, pace }: Exchange,
  back: IncomingMessage,
  change: Transform | undefined,
): Promise<void> {
  const through = [change, pace?.throttle()].filter((step) => step !== undefined);
  await pipeline([back, ...through, reply]);
}

async function passText(
  reply: ServerResponse,
  back: IncomingMessage,
  fault: Extract<Fault, { kind: 'body' | 'rewrite' }>,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of back) chunks.push(chunk);
  const text = fault.kind === 'body' ? fault.text : fault.rewrite(Buffer.concat(chunks).toString());
  const type = fault.kind === 'body' ? (fault.type ?? 'application/xml') : back.headers['content-type'];
  reply.writeHead(200, { 'content-type': type ?? 'application/xml' });
  reply.end(text);
}

/** A body that is cut must not say how long it was. */
function headersFor(back: IncomingMessage, fault: Fault | undefined): string[] {
  const hidden = fault?.kind === 'cut' ? ['content-length'] : [];
  const { rawHeaders: raw } = back;
  return raw.filter((_, index) => !hidden.includes(raw[index - (index % 2)]?.toLowerCase() ?? ''));
}

function changeOf(fault: Fault, reply: ServerResponse): Transform | undefined {
  switch (fault.kind) {
    case 'flip':
      return flip(fault.atByte);
    case 'cut':
      return upTo(fault.afterBytes, () => undefined);
    case 'break': {
      // A reply that has ended has no socket any more.
      const { socket } = reply;
      return upTo(fault.afterBytes, () => void socket?.resetAndDestroy());
    }
    case 'stall':
      return stall(fault.afterBytes);
    default:
      return undefined;
  }
}

function flip(atByte: number): Transform {
  let position = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const index = atByte - position;
      position += chunk.length;
      if (index < 0 || index >= chunk.length) return void done(null, chunk);
      const changed = Buffer.from(chunk);
      changed[index] = (changed[index] ?? 0) ^ 0x10;
      done(null, changed);
    },
  });
}

/** Lets the first bytes through and swallows the others. */
function upTo(bytes: number, atEnd: () => void): Transform {
  let left = bytes;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const kept = chunk.subarray(0, left);
      left -= kept.length;
      this.push(kept);
      if (left === 0) setImmediate(atEnd);
      done();
    },
  });
}

/** Lets the first bytes through, and then nothing comes. */
function stall(bytes: number): Transform {
  let left = bytes;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const kept = chunk.subarray(0, left);
      left -= kept.length;
      this.push(kept);
      if (left > 0) done();
    },
  });
}
