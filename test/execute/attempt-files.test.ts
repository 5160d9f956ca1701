import { describe, expect, it } from 'vitest';
import { PitwallError } from '../../src/error.ts';
import { AttemptFiles } from '../../src/execute/attempt-files.ts';
import { localStorage } from '../../src/storage/local.ts';
import type { PutOptions, Storage } from '../../src/storage/storage.ts';

const FAR = 's3://bucket/attempt';

describe('the files of an attempt', () => {
  it('are on their way to a far store as soon as each is whole', async () => {
    const { storage, calls } = slowStorage();
    const files = attemptFiles(storage);
    files.onStaged?.('/a');
    files.onStaged?.('/b');
    await expect.poll(() => calls.length).toBe(2);
    expect(calls.map(({ said }) => said)).toEqual([`put /a ${FAR}/0`, `put /b ${FAR}/1`]);
    for (const { end } of calls) end();
    expect(await files.move('/b')).toBe(`${FAR}/1`);
    expect(await files.move('/a')).toBe(`${FAR}/0`);
    expect(calls).toHaveLength(2);
  });

  it('are moved to a near one when all are made', async () => {
    const { storage, calls } = slowStorage();
    const files = attemptFiles(storage, '/store/attempt');
    expect(files.onStaged).toBeUndefined();
    const moved = files.move('/a');
    await expect.poll(() => calls.length).toBe(1);
    calls[0]?.end();
    expect(await moved).toBe('/store/attempt/0');
  });

  it('tell what became of one when it is asked for', async () => {
    const { storage, calls } = slowStorage();
    const files = attemptFiles(storage);
    files.onStaged?.('/a');
    await expect.poll(() => calls.length).toBe(1);
    const error = new PitwallError('output', 'cannot write s3://bucket/attempt/0: no room; make some');
    calls[0]?.fail(error);
    await expect(files.move('/a')).rejects.toBe(error);
  });

  it('that are made anew leave nothing of those before, also where it is not known whether one came', async () => {
    const { storage, calls } = slowStorage();
    const files = attemptFiles(storage);
    files.onStaged?.('/a');
    files.onStaged?.('/b');
    const discarded = files.discard();
    await expect.poll(() => calls.length).toBe(2);
    calls[0]?.end();
    calls[1]?.fail(new PitwallError('temporary', 'no reply'));
    await expect.poll(() => calls.length).toBe(4);
    expect(calls.slice(2).map(({ said }) => said)).toEqual([`delete ${FAR}/0`, `delete ${FAR}/1`]);
    for (const { end } of calls.slice(2)) end();
    await discarded;
    files.onStaged?.('/a');
    await expect.poll(() => calls.at(-1)?.said).toBe(`put /a ${FAR}/2`);
    calls.at(-1)?.end();
  });

  it('are called off and waited for at the end', async () => {
    const { storage, calls } = slowStorage();
    const files = attemptFiles(storage);
    files.onStaged?.('/a');
    await expect.poll(() => calls.length).toBe(1);
    let isClosed = false;
    const closed = files.close().then(() => {
      isClosed = true;
    });
    expect(calls[0]?.signal?.aborted).toBe(true);
    await Promise.resolve();
    expect(isClosed).toBe(false);
    calls[0]?.fail(new Error('aborted'));
    await closed;
  });
});

function attemptFiles(storage: Storage, folder = FAR): AttemptFiles {
  return new AttemptFiles({ storage, folder, signal: new AbortController().signal });
}

interface Call {
  readonly said: string;
  readonly signal: AbortSignal | undefined;
  end(): void;
  fail(error: Error): void;
}

/** A storage whose calls end when they are told to. */
function slowStorage(): { readonly storage: Storage; readonly calls: Call[] } {
  const calls: Call[] = [];
  const call = (said: string, signal?: AbortSignal) =>
    new Promise<void>((end, fail) => void calls.push({ said, signal, end, fail }));
  const storage: Storage = {
    ...localStorage(),
    put: (path: string, url: string, { signal }: PutOptions = {}) => call(`put ${path} ${url}`, signal),
    delete: (url) => call(`delete ${url}`),
  };
  return { storage, calls };
}
