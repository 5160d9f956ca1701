import { expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/storage/s3-options.ts';
import type { Storage } from '../../src/storage/storage.ts';
import { describeS3 } from '../s3/describe-s3.ts';
import { on } from '../s3/fault.ts';
import { bytesOf, collect, s3Rig, someBytes, textOf } from '../storage/s3-rig.ts';

/** The limits that users have. */
const AS_SHIPPED = { limits: DEFAULT_LIMITS };

describeS3('the S3 storage under load and faults', (server) => {
  const rig = s3Rig(server, 7);

  it('finishes 200 parallel puts after a minute in which the server answers 503', async () => {
    const [base, storage] = [await server.root(), rig.storage(AS_SHIPPED)];
    const end = performance.now() + 60_000;
    rig.proxy().rules = [
      { when: () => performance.now() < end, fault: { kind: 'answer', status: 503, code: 'SlowDown' } },
    ];
    const urls = Array.from({ length: 200 }, (_, n) => `${base}/${n}`);
    const outcomes = await Promise.all(
      urls.map((url) => storage.writeAtomic(url, bytesOf(url), { kind: 'absent' })),
    );
    expect(outcomes.every(({ kind }) => kind === 'written')).toBe(true);
    expect(performance.now()).toBeGreaterThan(end);
    expect((await collect(rig.direct().listFolder(base))).map(({ url }) => url)).toEqual(urls.toSorted());
  }, 180_000);

  it.each([
    ['75 % of replies are 503', { kind: 'answer', status: 503, code: 'SlowDown' }, 0.75],
    [
      '75 % of replies are 503 though it was done',
      { kind: 'answer after', status: 503, code: 'SlowDown' },
      0.75,
    ],
    ['15 % of requests are reset before they are applied', { kind: 'reset before' }, 0.15],
    ['15 % of requests are reset after they are applied', { kind: 'reset after' }, 0.15],
    ['15 % of bodies break off', { kind: 'break', afterBytes: 10_000 }, 0.15],
  ] as const)(
    'does all of its work right while %s',
    async (_, fault, rate) => {
      const [base, storage] = [
        await server.root(),
        rig.storage({ limits: { partBytes: 65_536, retryCapMs: 200 } }),
      ];
      rig.proxy().rules = [{ fault, rate }];
      await Promise.all(Array.from({ length: 12 }, (__, n) => work(storage, `${base}/${n}`)));
      expect(rig.proxy().counts.faults).toBeGreaterThan(10);
    },
    120_000,
  );

  it('does all of its work right while a server behaves badly in every way at once', async () => {
    const [base, storage] = [
      await server.root(),
      rig.storage({ limits: { partBytes: 65_536, retryCapMs: 200 } }),
    ];
    rig.proxy().rules = [
      { fault: { kind: 'answer', status: 503, code: 'SlowDown' }, rate: 0.1 },
      { fault: { kind: 'answer', status: 429, code: 'TooManyRequests' }, rate: 0.05 },
      { fault: { kind: 'reset before' }, rate: 0.05 },
      { fault: { kind: 'reset after' }, rate: 0.05 },
      { fault: { kind: 'silence' }, rate: 0.01 },
      { fault: { kind: 'body', text: '<Error><Code>InternalError</Code></Error>' }, rate: 0.02 },
      on('GET', /./, { kind: 'stall', afterBytes: 5_000 }, { rate: 0.03 }),
      on('GET', /./, { kind: 'cut', afterBytes: 5_000 }, { rate: 0.05 }),
    ];
    await Promise.all(Array.from({ length: 12 }, (__, n) => work(storage, `${base}/${n}`)));
  }, 120_000);
});

/** What a task does: creates, reads by parts, replaces, copies, lists, deletes. */
async function work(storage: Storage, base: string): Promise<void> {
  const big = someBytes(300_000);
  const created = await storage.writeAtomic(`${base}/a`, big, { kind: 'absent' });
  expect(created.kind).toBe('written');
  const version = await storage.head(`${base}/a`);
  expect(big.equals(await storage.read(`${base}/a`, { version }))).toBe(true);
  expect(big.equals(Buffer.concat(await collect(storage.readStream(`${base}/a`, { version }))))).toBe(true);
  const etag = created.kind === 'written' ? created.etag : '';
  expect((await storage.writeAtomic(`${base}/a`, bytesOf('new'), { kind: 'match', etag })).kind).toBe(
    'written',
  );
  expect((await storage.copy(`${base}/a`, `${base}/b`, { kind: 'absent' })).kind).toBe('written');
  expect(textOf(await storage.read(`${base}/b`))).toBe('new');
  expect((await collect(storage.listFolder(base))).map(({ url }) => url)).toEqual([`${base}/a`, `${base}/b`]);
  await storage.delete(`${base}/a`);
  await storage.deleteFolder(base);
  expect(await collect(storage.listFolder(base))).toEqual([]);
}
