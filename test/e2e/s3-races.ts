import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { TestServer } from '../s3/describe-s3.ts';
import { type FaultProxy, startFaultProxy } from '../s3/fault-proxy.ts';
import { pitwallOk } from './pitwall.ts';
import {
  leftInTemporary,
  orphans,
  pendingUploads,
  readPublishedObjects,
  type S3Place,
  s3Place,
  stillRunning,
  uploadFolder,
} from './s3-place.ts';
import { emptyFolder, readPublished } from './workspace.ts';

/** The inputs of race_stats that come with it. */
export const SAMPLE = fileURLToPath(new URL('../../sql/race_stats/sample', import.meta.url));

/** Has race_stats run in slices and partitions. */
export const DIVIDED = ['--fuse-below', '0', '--workers', '2', '--threads', '2', '--memory', '1GB'];

/** What race_stats publishes from its sample on local disks. */
let onDisks: Promise<Record<string, string>> | undefined;

export function locally(): Promise<Record<string, string>> {
  onDisks ??= (async () => {
    const cwd = await emptyFolder();
    await pitwallOk(['run', 'race_stats', '--quiet'], { cwd });
    return await readPublished(join(cwd, 'results'));
  })();
  return onDisks;
}

/** A place with the sample in `in/`. */
export async function withInputs(server: TestServer, endpoint?: string): Promise<S3Place> {
  const place = await s3Place(server, endpoint);
  await uploadFolder(place.storage, SAMPLE, `${place.root}/in`);
  return place;
}

export function fromTo(source: string, out: string): string[] {
  return ['--set', `source=${source}`, '--set', `out=${out}`];
}

export const s3ToS3 = ({ root }: S3Place) => fromTo(`${root}/in`, `${root}/out`);

/** A proxy for one test, and a place whose `pitwall` knows no other way to the server. */
export async function withProxy(
  server: TestServer,
  use: (proxy: FaultProxy, place: S3Place) => Promise<void>,
): Promise<void> {
  const proxy = await startFaultProxy({ upstream: server.endpoint() });
  try {
    await use(proxy, await withInputs(server, proxy.endpoint));
  } finally {
    await proxy.close();
  }
}

export async function expectPublished(place: S3Place): Promise<void> {
  expect(await readPublishedObjects(place.storage, `${place.root}/out`)).toEqual(await locally());
}

/** Nothing but what is published, the runs and their committed attempts; and no process. */
export async function expectTidy(
  server: TestServer,
  place: S3Place,
  out = `${place.root}/out`,
): Promise<void> {
  expect(await stillRunning(place)).toEqual([]);
  expect(await orphans(place.storage, out)).toEqual([]);
  expect(await pendingUploads(server, out)).toEqual([]);
  expect(await leftInTemporary(place)).toEqual([]);
}
