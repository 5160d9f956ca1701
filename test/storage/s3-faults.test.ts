import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Storage } from '../../src/storage/storage.ts';
import { describeS3 } from '../s3/describe-s3.ts';
import { type Fault, type FaultRule, on } from '../s3/fault.ts';
import { bytesOf, collect, s3Rig, someBytes, textOf } from './s3-rig.ts';

const MIB = 1024 * 1024;

/** Each does one thing through the faults, and says what came of it as the server has it. */
type Action = (place: {
  readonly storage: Storage;
  readonly direct: Storage;
  readonly base: string;
  readonly folder: string;
}) => Promise<unknown>;

const BIG = someBytes(300_000);

const READS: Readonly<Record<string, Action>> = {
  read: async ({ storage, base }) => textOf(await storage.read(`${base}/in/small`)) === 'small',
  'read a range': async ({ storage, base }) =>
    textOf(await storage.read(`${base}/in/small`, { start: 1, end: 3 })) === 'ma',
  'read by parts': async ({ storage, base }) => BIG.equals(await storage.read(`${base}/in/big`)),
  stream: async ({ storage, base }) =>
    BIG.equals(Buffer.concat(await collect(storage.readStream(`${base}/in/big`)))),
  download: async ({ storage, base, folder }) => {
    const path = join(folder, 'download');
    await storage.download(`${base}/in/big`, path);
    return BIG.equals(await readFile(path));
  },
};

const OTHERS: Readonly<Record<string, Action>> = {
  head: async ({ storage, base }) => (await storage.head(`${base}/in/small`))?.sizeBytes === 5,
  list: async ({ storage, base }) => {
    const found = await collect(storage.list(`${base}/in/*`));
    return found.map(({ url }) => url).join() === `${base}/in/big,${base}/in/small`;
  },
  'list a folder': async ({ storage, base }) =>
    (await collect(storage.listFolder(`${base}/in`))).length === 2,
  'list folders': async ({ storage, base }) => (await storage.subfolders(base)).join() === `${base}/in`,
  write: async ({ storage, direct, base }) => {
    await storage.writeAtomic(`${base}/out`, bytesOf('new'));
    return textOf(await direct.read(`${base}/out`)) === 'new';
  },
  create: async ({ storage, direct, base }) => {
    const { kind } = await storage.writeAtomic(`${base}/out`, bytesOf('new'), { kind: 'absent' });
    return kind === 'written' && textOf(await direct.read(`${base}/out`)) === 'new';
  },
  replace: async ({ storage, direct, base }) => {
    const first = await direct.writeAtomic(`${base}/out`, bytesOf('old'));
    const etag = first.kind === 'written' ? first.etag : '';
    const second = await storage.writeAtomic(`${base}/out`, bytesOf('new'), { kind: 'match', etag });
    return second.kind === 'written' && (await direct.head(`${base}/out`))?.etag === second.etag;
  },
  upload: async ({ storage, direct, base, folder }) => {
    await writeFile(join(folder, 'up'), someBytes(12 * MIB));
    await storage.put(join(folder, 'up'), `${base}/out`);
    return someBytes(12 * MIB).equals(await direct.read(`${base}/out`));
  },
  copy: async ({ storage, direct, base }) => {
    await storage.copy(`${base}/in/small`, `${base}/out`);
    return textOf(await direct.read(`${base}/out`)) === 'small';
  },
  'copy to a new name': async ({ storage, direct, base }) => {
    const { kind } = await storage.copy(`${base}/in/small`, `${base}/out`, { kind: 'absent' });
    return kind === 'written' && textOf(await direct.read(`${base}/out`)) === 'small';
  },
  'copy of a known size': async ({ storage, direct, base }) => {
    const { kind } = await storage.copy(`${base}/in/small`, `${base}/out`, { kind: 'absent' }, 5);
    return kind === 'written' && textOf(await direct.read(`${base}/out`)) === 'small';
  },
  'copy over a version': async ({ storage, direct, base }) => {
    const first = await direct.writeAtomic(`${base}/out`, bytesOf('old'));
    const etag = first.kind === 'written' ? first.etag : '';
    const second = await storage.copy(`${base}/in/small`, `${base}/out`, { kind: 'match', etag });
    return second.kind === 'written' && textOf(await direct.read(`${base}/out`)) === 'small';
  },
  delete: async ({ storage, direct, base }) => {
    await storage.delete(`${base}/in/small`);
    return (await direct.head(`${base}/in/small`)) === undefined;
  },
  'delete a version': async ({ storage, direct, base }) => {
    const etag = (await direct.head(`${base}/in/small`))?.etag ?? '';
    const isDeleted = await storage.deleteVersion(`${base}/in/small`, etag);
    return isDeleted && (await direct.head(`${base}/in/small`)) === undefined;
  },
  'delete a folder': async ({ storage, direct, base }) => {
    await storage.deleteFolder(`${base}/in`);
    return (await collect(direct.listFolder(`${base}/in`))).length === 0;
  },
};

/** Faults of any request. */
const FAULTS: Readonly<Record<string, Fault>> = {
  'a reset before it was applied': { kind: 'reset before' },
  'a reset after it was applied': { kind: 'reset after' },
  'a reply that never comes': { kind: 'silence' },
  '503 SlowDown': { kind: 'answer', status: 503, code: 'SlowDown' },
  '500 InternalError': { kind: 'answer', status: 500, code: 'InternalError' },
  '500 after it was applied': { kind: 'answer after', status: 500, code: 'InternalError' },
  '429 TooManyRequests': { kind: 'answer', status: 429, code: 'TooManyRequests' },
  '409 OperationAborted': { kind: 'answer', status: 409, code: 'OperationAborted' },
  '400 RequestTimeout': { kind: 'answer', status: 400, code: 'RequestTimeout' },
  'expired credentials': { kind: 'answer', status: 403, code: 'ExpiredToken' },
  'a clock that is wrong': { kind: 'answer', status: 403, code: 'RequestTimeTooSkewed' },
};

/** Faults of a body. */
const BODY_FAULTS: Readonly<Record<string, Fault>> = {
  'a stall in the midst of the body': { kind: 'stall', afterBytes: 2 },
  'a reset in the midst of the body': { kind: 'break', afterBytes: 2 },
  'a short body without a length': { kind: 'cut', afterBytes: 2 },
  'an Error with status 200': { kind: 'body', text: '<Error><Code>InternalError</Code></Error>' },
  'a page of HTML with status 200': { kind: 'body', text: '<html>please log in</html>', type: 'text/html' },
};

describeS3('the S3 storage through faults that pass', (server) => {
  const rig = s3Rig(server);
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pitwall-s3-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  /** Does the action while its first two requests meet the fault. */
  async function survive(action: Action, fault: Fault): Promise<void> {
    const [base, direct] = [await server.root(), rig.direct()];
    await direct.writeAtomic(`${base}/in/small`, bytesOf('small'));
    await direct.writeAtomic(`${base}/in/big`, BIG);
    const isUpload = action === OTHERS.upload;
    const storage = rig.storage({ limits: { partBytes: isUpload ? 5 * MIB : 65_536 } });
    const rule: FaultRule = { fault, times: 2 };
    rig.proxy().rules = [rule];
    expect(await action({ storage, direct, base, folder })).toBe(true);
    expect(rig.proxy().counts.faults).toBeGreaterThan(0);
  }

  describe.each(Object.entries({ ...READS, ...OTHERS }))('can %s', (_, action) => {
    it.each(Object.entries(FAULTS))('after %s', (_name, fault) => survive(action, fault));
  });

  describe.each(Object.entries(READS))('can %s', (_, action) => {
    it.each(Object.entries(BODY_FAULTS))('after %s', (_name, fault) => survive(action, fault));
  });

  describe.each(Object.entries(OTHERS).filter(([name]) => /list|copy/.test(name)))('can %s', (_, action) => {
    it.each(Object.entries(BODY_FAULTS).filter(([name]) => /200/.test(name)))('after %s', (_name, fault) =>
      survive(action, fault),
    );
  });

  it.each(Object.keys(READS).filter((name) => !/range|stream/.test(name)))(
    'can %s after a bit was flipped on its way',
    async (name) => {
      const action = READS[name];
      if (action !== undefined) await survive(action, { kind: 'flip', atByte: 3 });
    },
  );

  it('can list after a page lost one of its keys', async () => {
    const lose = (text: string) => text.replace(/<Contents>.*?<\/Contents>/s, '');
    for (const name of ['list', 'list a folder'])
      await survive(OTHERS[name] ?? Promise.reject, { kind: 'rewrite', rewrite: lose });
  });

  it('leaves no upload pending when the reply to its beginning was lost', async () => {
    const [base, storage] = [await server.root(), rig.storage({ limits: { partBytes: 5 * MIB } })];
    rig.proxy().rules = [on('POST', /uploads=/, { kind: 'reset after' }, { times: 1 })];
    await storage.writeAtomic(`${base}/out`, someBytes(12 * MIB));
    expect(await pendingUploads(server, base)).toEqual([]);
  });
});

async function pendingUploads(server: Parameters<Parameters<typeof describeS3>[1]>[0], base: string) {
  const { ListMultipartUploadsCommand } = await import('@aws-sdk/client-s3');
  const [, bucket, prefix] = /^s3:\/\/([^/]+)\/(.*)$/.exec(base) ?? [];
  const reply = await server
    .client()
    .send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix }));
  return reply.Uploads ?? [];
}
