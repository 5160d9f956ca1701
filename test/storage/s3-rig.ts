import { afterAll, beforeAll, beforeEach } from 'vitest';
import { s3Storage } from '../../src/storage/s3.ts';
import type { S3Limits, S3Options } from '../../src/storage/s3-options.ts';
import type { Storage } from '../../src/storage/storage.ts';
import type { TestServer } from '../s3/describe-s3.ts';
import { type FaultProxy, startFaultProxy } from '../s3/fault-proxy.ts';

/** Short times, so that what takes minutes against a broken server takes moments here. */
export const QUICK: Partial<S3Limits> = {
  idleTimeoutMs: 400,
  retryBudgetMs: 20_000,
  retryBaseMs: 2,
  retryCapMs: 20,
};

/** A server behind a fault proxy, and the storages that reach it. */
export interface S3Rig {
  proxy(): FaultProxy;
  /** Through the proxy. */
  storage(options?: S3Options): Storage;
  /** Past the proxy. */
  direct(): Storage;
}

/** To be called inside of `describeS3`. Each test begins without rules. */
export function s3Rig(server: TestServer, seed = 1): S3Rig {
  let proxy: FaultProxy | undefined;
  const started = () => {
    if (proxy === undefined) throw new Error('the proxy is not running yet');
    return proxy;
  };
  beforeAll(async () => {
    proxy = await startFaultProxy({ upstream: server.endpoint(), seed });
  });
  beforeEach(() => {
    started().rules = [];
    started().seen = [];
  });
  afterAll(() => proxy?.close());
  return {
    proxy: started,
    storage: ({ limits, ...options } = {}) =>
      s3Storage({ endpoint: started().endpoint, ...options, limits: { ...QUICK, ...limits } }),
    direct: () => s3Storage({ endpoint: server.endpoint() }),
  };
}

export const bytesOf = (text: string) => new TextEncoder().encode(text);
export const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Bytes in which no two places look the same. */
export function someBytes(count: number): Buffer {
  const bytes = Buffer.alloc(count);
  for (let at = 0; at + 4 <= count; at += 4) bytes.writeUInt32LE(Math.imul(at, 2_654_435_761) >>> 0, at);
  return bytes;
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
