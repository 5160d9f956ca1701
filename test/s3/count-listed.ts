import { onTestFinished } from 'vitest';
import { s3Storage } from '../../src/storage/s3.ts';
import { testEnvironment } from './describe-s3.ts';
import { type KeyRange, serveManyKeys } from './many-keys-server.ts';

/** Lists from a server of many keys, and fails where they do not come in order. `mostHeap` is in bytes. */
export async function countListed(keys: KeyRange, pattern: string, ordersByBytes = true) {
  Object.assign(process.env, testEnvironment());
  const server = await serveManyKeys(keys);
  onTestFinished(() => server.close());
  let [found, last, mostHeap] = [0, '', 0];
  for await (const { url } of s3Storage({ endpoint: server.endpoint, ordersByBytes }).list(pattern)) {
    if (url <= last) throw new Error(`${url} comes behind ${last}`);
    last = url;
    found += 1;
    if (found % 50_000 === 0) mostHeap = Math.max(mostHeap, process.memoryUsage().heapUsed);
  }
  return { found, mostHeap, pages: server.pages() };
}
