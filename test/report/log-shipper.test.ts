import { describe, expect, it } from 'vitest';
import type { LogEvent } from '../../src/report/log-batches.ts';
import { type LogSender, LogShipper, type LogShipperOptions } from '../../src/report/log-shipper.ts';

type Answer = 'taken' | 'throttled' | 'denied' | 'silent' | { readonly refused: number };

/** A service that gives the answers in turn, and takes everything after them. */
function someService(answers: readonly Answer[]) {
  const requests: string[][] = [];
  const stream: LogEvent[] = [];
  let isClosed = false;
  const left = [...answers];
  const sender: LogSender = {
    send: async (events) => {
      const answer = left.shift() ?? 'taken';
      requests.push(events.map(({ message }) => message));
      if (answer === 'throttled' || answer === 'denied') throw new Error(answer);
      if (answer === 'silent') return new Promise(() => undefined);
      stream.push(...events);
      return answer === 'taken' ? 0 : answer.refused;
    },
    isPassing: (error) => error instanceof Error && error.message !== 'denied',
    close: () => {
      isClosed = true;
    },
  };
  return {
    sender,
    requests,
    stream,
    isClosed: () => isClosed,
    messages: () => stream.map(({ message }) => message),
  };
}

function someShipper(sender: LogSender, options: Partial<LogShipperOptions> = {}): LogShipper {
  return new LogShipper({ sender, gatherMs: 0, backoffMs: () => 0, ...options });
}

describe('a log that is shipped', () => {
  it('arrives whole and in order, and closes its sender', async () => {
    const service = someService([]);
    const shipper = someShipper(service.sender);
    const lines = Array.from({ length: 25_000 }, (_, index) => `line ${index}`);
    for (const line of lines) shipper.write(`${line}\n`);
    expect(await shipper.close(1000)).toEqual({ lines: 0, reason: undefined });
    expect(service.messages()).toEqual(lines);
    expect(service.requests.map(({ length }) => length)).toEqual([10_000, 10_000, 5000]);
    expect(service.isClosed()).toBe(true);
  });

  it('sends a batch that was throttled again, before the next', async () => {
    const service = someService(['throttled', 'throttled', 'taken', 'throttled']);
    const shipper = someShipper(service.sender);
    const lines = Array.from({ length: 10_001 }, (_, index) => `line ${index}`);
    for (const line of lines) shipper.write(line);
    expect(await shipper.close(1000)).toEqual({ lines: 0, reason: undefined });
    expect(service.messages()).toEqual(lines);
    expect(service.requests.map(({ length }) => length)).toEqual([10_000, 10_000, 10_000, 1, 1]);
  });

  it('loses a batch that is refused for good, says why, and goes on', async () => {
    const service = someService(['denied']);
    const shipper = someShipper(service.sender);
    for (let index = 0; index < 10_002; index++) shipper.write(`line ${index}`);
    expect(await shipper.close(1000)).toEqual({ lines: 10_000, reason: 'denied' });
    expect(service.messages()).toEqual(['line 10000', 'line 10001']);
  });

  it('says why a batch was not taken for which there is no time left', async () => {
    const service = someService(['throttled', 'silent']);
    const shipper = someShipper(service.sender);
    shipper.write('a');
    expect(await shipper.close(20)).toEqual({ lines: 1, reason: 'throttled' });
  });

  it('counts what the service did not take of a batch', async () => {
    const service = someService([{ refused: 2 }]);
    const shipper = someShipper(service.sender);
    for (const line of ['a', 'b', 'c']) shipper.write(line);
    expect(await shipper.close(1000)).toEqual({ lines: 2, reason: 'the service refused them' });
  });

  it('never holds more than its queue: what comes beyond is lost and counted', async () => {
    const service = someService([]);
    const shipper = someShipper(service.sender, { queueBytes: 3 * 27 });
    for (const line of ['a', 'b', 'c', 'd', 'e']) shipper.write(line);
    const reason = 'they came faster than they could be sent';
    expect(await shipper.close(1000)).toEqual({ lines: 2, reason });
    expect(service.messages()).toEqual(['a', 'b', 'c']);
  });

  it('gives a request without an answer up, and sends the batch again', async () => {
    const service = someService(['silent']);
    const shipper = someShipper(service.sender, { requestMs: 5 });
    shipper.write('a');
    expect(await shipper.close(10_000)).toEqual({ lines: 0, reason: undefined });
    expect(service.requests).toEqual([['a'], ['a']]);
  });

  it('ends when its time is over, whatever the service does', async () => {
    const service = someService(Array.from({ length: 1000 }, () => 'silent'));
    const shipper = someShipper(service.sender);
    shipper.write('a');
    shipper.write('b');
    expect(await shipper.close(20)).toEqual({ lines: 2, reason: 'there was no answer in time' });
  });

  it('is in the order of its times also when the clock is set back', async () => {
    const service = someService([]);
    const times = [5000, 4000, 6000];
    const shipper = someShipper(service.sender, { now: () => times.shift() ?? 0 });
    for (const line of ['a', 'b', 'c']) shipper.write(line);
    await shipper.close(1000);
    expect(service.stream.map(({ timestamp }) => timestamp)).toEqual([5000, 5000, 6000]);
  });

  it('that nothing was written to sends nothing', async () => {
    const service = someService([]);
    expect(await someShipper(service.sender).close(1000)).toEqual({ lines: 0, reason: undefined });
    expect(service.requests).toEqual([]);
  });
});
