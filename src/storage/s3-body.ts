import { Readable } from 'node:stream';
import { BadReply, DamagedReply, LATER } from './s3-failure.ts';

/**
 * The chunks of a reply's body. The SDK waits for ever for one that stalls; here each chunk has to come within
 * `idleTimeoutMs`. Whoever stops early closes the connection.
 *
 * @throws BadReply when it stalls or breaks off, DamagedReply when it does not match the checksum of its headers
 */
export async function* bodyChunks(body: unknown, idleTimeoutMs: number): AsyncGenerator<Buffer> {
  if (!(body instanceof Readable)) throw new BadReply('the answer has no body');
  let isWaiting = true;
  const timer = setTimeout(() => {
    if (isWaiting) body.destroy(stalled(idleTimeoutMs));
    else timer.refresh();
  }, idleTimeoutMs);
  const chunks: AsyncIterable<Buffer> = body;
  try {
    for await (const chunk of chunks) {
      isWaiting = false;
      yield chunk;
      timer.refresh();
      isWaiting = true;
    }
  } catch (error) {
    throw brokenBody(error);
  } finally {
    clearTimeout(timer);
    body.destroy();
  }
}

function stalled(idleTimeoutMs: number): BadReply {
  return new BadReply(`the answer stalled for ${idleTimeoutMs / 1000} s`);
}

function brokenBody(error: unknown): unknown {
  if (error instanceof BadReply || !(error instanceof Error)) return error;
  if (error.message.startsWith('Checksum mismatch'))
    return new DamagedReply('the bytes do not match their checksum', LATER);
  if (error.name === 'TimeoutError') return new BadReply('the answer stalled');
  return new BadReply('the connection broke off in the midst of the answer');
}
