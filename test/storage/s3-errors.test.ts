import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { PitwallError } from '../../src/error.ts';
import { createOnce } from '../../src/storage/create-once.ts';
import { s3Storage } from '../../src/storage/s3.ts';
import { BUCKET, describeS3 } from '../s3/describe-s3.ts';
import { type Fault, on } from '../s3/fault.ts';
import { bytesOf, collect, QUICK, s3Rig, someBytes, textOf } from './s3-rig.ts';

const MIB = 1024 * 1024;
/** Gives up soon. */
const SHORT = { limits: { retryBudgetMs: 150 } };

const answer = (status: number, code: string): Fault => ({ kind: 'answer', status, code });

async function failureOf(work: Promise<unknown>): Promise<PitwallError> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof PitwallError) return error;
  throw new Error(`expected a PitwallError, got ${inspect(error)}`);
}

describeS3('the S3 storage when a fault does not pass', (server) => {
  const rig = s3Rig(server);

  it.each([
    [
      '503',
      answer(503, 'SlowDown'),
      'the server answered 503 SlowDown',
      'run it again later, or with fewer workers',
    ],
    [
      'resets',
      { kind: 'reset before' },
      'the connection was reset',
      'check the endpoint and the network, then run it again',
    ],
    [
      'silence',
      { kind: 'silence' },
      'the server made no progress in time',
      'run it again later, or check the network',
    ],
    [
      'stalls',
      { kind: 'stall', afterBytes: 2 },
      'the answer stalled for 0.4 s',
      'run it again later, or check the network and the server',
    ],
    [
      'short bodies',
      { kind: 'cut', afterBytes: 2 },
      'the bytes do not match their checksum',
      'run it again later',
    ],
    [
      'broken bodies',
      { kind: 'break', afterBytes: 2 },
      'the connection broke off in the midst of the answer',
      'run it again later, or check the network and the server',
    ],
    [
      'HTML',
      { kind: 'body', text: '<html></html>', type: 'text/html' },
      'the answer is not one of S3: it has no ETag',
      'run it again later, or check the network and the server',
    ],
    [
      'expired credentials',
      answer(400, 'ExpiredToken'),
      'the server answered 400 ExpiredToken',
      'the credentials have expired; renew them, then run it again',
    ],
    [
      'a wrong clock',
      answer(403, 'RequestTimeTooSkewed'),
      'the server answered 403 RequestTimeTooSkewed',
      "this machine's clock is wrong; set it, then run it again",
    ],
  ] satisfies [string, Fault, string, string][])(
    'says that it may be run again: %s',
    async (_, fault, cause, advice) => {
      const url = `${await server.root()}/a`;
      await rig.direct().writeAtomic(url, bytesOf('small'));
      rig.proxy().rules = [{ fault }];
      const error = await failureOf(rig.storage(SHORT).read(url));
      expect(error.kind).toBe('temporary');
      expect(error.message.replace(/, \d+ times/, '')).toBe(`cannot read ${url}: ${cause}; ${advice}`);
    },
  );

  it('never takes flipped bits for the truth', async () => {
    const base = await server.root();
    await rig.direct().writeAtomic(`${base}/small`, bytesOf('small'));
    await rig.direct().writeAtomic(`${base}/big`, someBytes(300_000));
    const storage = rig.storage({ limits: { partBytes: 65_536 } });
    const folder = await mkdtemp(join(tmpdir(), 'pitwall-s3-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    rig.proxy().rules = [on('GET', /./, { kind: 'flip', atByte: 3 })];
    const reads = [
      () => storage.read(`${base}/small`),
      () => storage.read(`${base}/big`),
      () => collect(storage.readStream(`${base}/small`)),
      () => collect(storage.readStream(`${base}/big`)),
      () => storage.download(`${base}/big`, join(folder, 'a')),
    ];
    for (const read of reads) {
      const error = await failureOf(read());
      expect(error).toMatchObject({ kind: 'temporary' });
      expect(error.message).toMatch(
        /^cannot read s3:.* the bytes do not match (the MD5 in its ETag|their checksum)/,
      );
    }
  });

  it('never takes flipped bits of a multipart upload for the truth', async () => {
    const url = `${await server.root()}/big`;
    const storage = rig.storage({ limits: { partBytes: 5 * MIB } });
    await storage.writeAtomic(url, someBytes(12 * MIB));
    expect((await storage.head(url))?.etag).toMatch(/-3$/);
    expect(someBytes(12 * MIB).equals(await storage.read(url))).toBe(true);
    rig.proxy().rules = [on('GET', /./, { kind: 'flip', atByte: 3 })];
    expect((await failureOf(storage.read(url))).message).toContain(
      'the bytes do not match the MD5 in its ETag',
    );
  });

  it.each([
    [
      'list',
      answer(403, 'AccessDenied'),
      'data',
      'cannot list URL/: the server answered 403 AccessDenied; the credentials lack a right; see the permissions listed in docs/s3.md',
    ],
    [
      'write',
      answer(403, 'AccessDenied'),
      'output',
      'cannot write URL/a: the server answered 403 AccessDenied; the credentials lack a right; see the permissions listed in docs/s3.md',
    ],
    [
      'write',
      answer(404, 'NoSuchBucket'),
      'output',
      'cannot write URL/a: the server answered 404 NoSuchBucket; there is no such bucket; check its name and the endpoint',
    ],
    [
      'list',
      answer(404, 'NoSuchBucket'),
      'data',
      'cannot list URL/: the server answered 404 NoSuchBucket; there is no such bucket; check its name and the endpoint',
    ],
    [
      'write',
      answer(400, 'KeyTooLongError'),
      'output',
      'cannot write URL/a: the server answered 400 KeyTooLongError; the key is too long; shorten it',
    ],
    [
      'write',
      answer(403, 'SignatureDoesNotMatch'),
      'output',
      'cannot write URL/a: the server answered 403 SignatureDoesNotMatch; the secret key does not belong to the access key; check AWS_SECRET_ACCESS_KEY',
    ],
  ] satisfies [string, Fault, string, string][])(
    'says at once what will not pass: %s %o',
    async (verb, fault, kind, message) => {
      const base = await server.root();
      rig.proxy().rules = [{ fault }];
      const storage = rig.storage();
      const work =
        verb === 'list' ? collect(storage.listFolder(base)) : storage.writeAtomic(`${base}/a`, bytesOf('x'));
      const error = await failureOf(work);
      expect(error).toMatchObject({ kind, message: message.replace('URL', base) });
      expect(rig.proxy().counts.faults).toBeGreaterThan(0);
      expect(rig.proxy().seen).toHaveLength(1);
    },
  );

  it('says what a real server refuses', async () => {
    const base = await server.root();
    const storage = rig.direct();
    expect((await failureOf(storage.read(`${base}/none`))).message).toBe(
      `cannot read ${base}/none: the server answered 404 NoSuchKey; there is no such object; check the url`,
    );
    expect((await failureOf(collect(storage.listFolder('s3://no-such-bucket-here/a')))).message).toBe(
      'cannot list s3://no-such-bucket-here/a/: the server answered 404 NoSuchBucket; there is no such bucket; check its name and the endpoint',
    );
    const key = 'k'.repeat(1025);
    const tooLong = await failureOf(storage.writeAtomic(`s3://${BUCKET}/${key}`, bytesOf('x')));
    expect(tooLong.message).toContain('has 1025 bytes, at most 1024 are allowed in S3; shorten it');
    const folder = await failureOf(storage.head(`${base}/`));
    expect(folder.message).toBe(
      `${base}/ is a folder, expected an object; add a name or a glob such as /*.csv`,
    );
  });

  it('says that a server cannot be reached', async () => {
    const port = await closedPort();
    const storage = s3Storage({
      endpoint: `http://127.0.0.1:${port}`,
      limits: { ...QUICK, ...SHORT.limits },
    });
    const error = await failureOf(storage.read('s3://bucket/a'));
    expect(error.kind).toBe('temporary');
    expect(error.message).toMatch(
      /^cannot read s3:\/\/bucket\/a: the server refuses connections, \d+ times; check the endpoint/,
    );
  });

  it('is given up at once where the server was given up before it ever answered', async () => {
    const endpoint = `http://127.0.0.1:${await closedPort()}`;
    const storage = s3Storage({ endpoint, limits: { ...QUICK, ...SHORT.limits } });
    const often = (await failureOf(storage.read('s3://bucket/a'))).message;
    const once = (await failureOf(storage.read('s3://bucket/b'))).message;
    expect(often).toMatch(/the server refuses connections, \d+ times; check/);
    expect(once).toMatch(/the server refuses connections; check/);
  });

  it('says that a server has no certificate', async () => {
    const storage = s3Storage({ endpoint: server.endpoint().replace('http:', 'https:'), limits: QUICK });
    const error = await failureOf(storage.read('s3://bucket/a'));
    expect(error.message).toMatch(/^cannot read s3:\/\/bucket\/a: the connection is not secure: E/);
  });

  it('asks for credentials anew when they have expired', async () => {
    const url = `${await server.root()}/a`;
    const storage = rig.storage();
    await storage.writeAtomic(url, bytesOf('x'));
    const { AWS_ACCESS_KEY_ID: id } = process.env;
    process.env.AWS_ACCESS_KEY_ID = 'unknown-to-the-server';
    onTestFinished(() => {
      process.env.AWS_ACCESS_KEY_ID = id;
    });
    // What was read from the environment before holds until the server says that it expired.
    expect(textOf(await storage.read(url))).toBe('x');
    rig.proxy().rules = [{ fault: answer(400, 'ExpiredToken'), times: 1 }];
    expect((await failureOf(storage.read(url))).message).toContain('403 InvalidAccessKeyId');
  });

  it('tells that an object was replaced while it was read', async () => {
    const url = `${await server.root()}/a`;
    await rig.direct().writeAtomic(url, someBytes(300_000));
    const storage = rig.storage({ limits: { partBytes: 65_536, parts: 1 } });
    const version = await storage.head(url);
    const chunks = storage.readStream(url, { version })[Symbol.asyncIterator]();
    await chunks.next();
    await rig.direct().writeAtomic(url, someBytes(200_000));
    const rest = async () => {
      while (!(await chunks.next()).done);
    };
    const message = `${url} was replaced by another version while it was in use; run it again, so that it is planned anew`;
    expect(await failureOf(rest())).toMatchObject({ kind: 'data', message });
    expect(await failureOf(storage.read(url, { version }))).toMatchObject({ kind: 'data', message });
  });

  it('leaves no upload pending when a part or the end of it fails', async () => {
    // A busy machine takes its time for real uploads; only the faults are to be given up soon.
    const limits = { retryBudgetMs: 1_000, idleTimeoutMs: 10_000 };
    const [base, storage] = [await server.root(), rig.storage({ limits })];
    for (const rule of [
      on('PUT', /partNumber=2/, answer(403, 'AccessDenied')),
      on('PUT', /partNumber=2/, answer(503, 'SlowDown')),
      on('POST', /uploadId=/, answer(503, 'SlowDown')),
      on('POST', /uploadId=/, { kind: 'body', text: '<Error><Code>InternalError</Code></Error>' }),
    ]) {
      rig.proxy().rules = [rule];
      await failureOf(storage.writeAtomic(`${base}/a`, someBytes(17 * MIB)));
    }
    expect(await pendingUploads(base)).toEqual([]);
    rig.proxy().rules = [];
    await storage.writeAtomic(`${base}/b`, someBytes(17 * MIB));
    const refused = await storage.writeAtomic(`${base}/b`, someBytes(17 * MIB + 1), { kind: 'absent' });
    expect(refused).toEqual({ kind: 'refused' });
    expect(await pendingUploads(base)).toEqual([]);
  });

  async function pendingUploads(base: string) {
    const { ListMultipartUploadsCommand } = await import('@aws-sdk/client-s3');
    const Prefix = base.slice(`s3://${BUCKET}/`.length);
    const reply = await server.client().send(new ListMultipartUploadsCommand({ Bucket: BUCKET, Prefix }));
    return reply.Uploads ?? [];
  }

  it('writes no file where nothing was read', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'pitwall-s3-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    await failureOf(rig.storage().download(`${await server.root()}/none`, join(folder, 'a')));
    expect(await readdir(folder)).toEqual([]);
  });

  it('has one winner of twenty that create an object while replies are lost', async () => {
    for (let round = 0; round < 5; round++) {
      const url = `${await server.root()}/record.json`;
      rig.proxy().rules = [
        on('PUT', /./, { kind: 'reset after' }, { rate: 0.5 }),
        on('PUT', /./, answer(503, 'SlowDown'), { rate: 0.3 }),
      ];
      const storages = Array.from({ length: 20 }, () => rig.storage());
      const outcomes = await Promise.all(
        storages.map((storage, n) => createOnce(storage, url, bytesOf(`creator ${n}`))),
      );
      const winners = outcomes.flatMap(({ kind }, n) => (kind === 'created' ? [`creator ${n}`] : []));
      expect(winners).toEqual([textOf(await rig.direct().read(url))]);
    }
  });

  describe('keeps secrets out of', () => {
    const CANARY = 'canary-5e11c0de';

    it('every error', async () => {
      const host = rig.proxy().endpoint.replace('http://', '');
      const storage = s3Storage({
        endpoint: `http://someone:${CANARY}@${host}`,
        limits: { ...QUICK, ...SHORT.limits },
      });
      const { AWS_SESSION_TOKEN: before } = process.env;
      process.env.AWS_SESSION_TOKEN = CANARY;
      onTestFinished(() => {
        if (before === undefined) delete process.env.AWS_SESSION_TOKEN;
        else process.env.AWS_SESSION_TOKEN = before;
      });
      const base = await server.root();
      const works = [
        () => storage.read(`${base}/none`),
        () => storage.writeAtomic(`${base}/a`, bytesOf('x')),
        () => storage.copy(`${base}/none`, `${base}/b`),
        () => collect(storage.listFolder('s3://no-such-bucket-here')),
        () => storage.read(`s3://someone:${CANARY}@bucket/a`),
        () => s3Storage({ endpoint: `ftp://someone:${CANARY}@host` }).read('s3://bucket/a'),
      ];
      for (const fault of [
        answer(403, 'SignatureDoesNotMatch'),
        answer(503, 'SlowDown'),
        { kind: 'reset before' } as const,
      ]) {
        rig.proxy().rules = [{ fault }];
        for (const work of works) {
          const error = await failureOf(work());
          expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(CANARY);
        }
      }
    });
  });
});

async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
