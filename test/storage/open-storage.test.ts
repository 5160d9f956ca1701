import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openStorage } from '../../src/storage/open-storage.ts';
import { describeS3 } from '../s3/describe-s3.ts';
import { storageContract } from './contract.ts';
import { bytesOf, collect, textOf } from './s3-rig.ts';

async function freshFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'pitwall-any-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

storageContract('one storage over all places, given paths,', openStorage(), freshFolder);

describe('one storage over all places', () => {
  it('knows no others', async () => {
    await expect(openStorage().read('gs://bucket/a')).rejects.toMatchObject({
      kind: 'job',
      message: 'gs:// is no place that Pitwall knows; expected a path or s3://bucket/key',
    });
    await expect(collect(openStorage().list('https://host/*.csv'))).rejects.toMatchObject({ kind: 'job' });
  });

  it('does not load the SDK for local files', async () => {
    const file = fileURLToPath(new URL('../../dist/storage/open-storage.js', import.meta.url));
    const script = `
      const { createRequire } = await import('node:module');
      const { openStorage } = await import(${JSON.stringify(file)});
      await openStorage().head(${JSON.stringify(file)});
      const loaded = Object.keys(createRequire(import.meta.url).cache).filter((path) => path.includes('aws-sdk'));
      console.log(loaded.length);`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
    expect(stdout.trim()).toBe('0');
  });
});

describeS3('one storage over disks and S3', (server) => {
  it('copies from one to the other, under conditions', async () => {
    const storage = openStorage({ s3: { endpoint: server.endpoint() } });
    const [folder, base] = [await freshFolder(), await server.root()];
    await writeFile(join(folder, 'a'), 'one');
    expect((await storage.copy(join(folder, 'a'), `${base}/a`, { kind: 'absent' })).kind).toBe('written');
    expect(await storage.copy(join(folder, 'a'), `${base}/a`, { kind: 'absent' })).toEqual({
      kind: 'refused',
    });
    expect(textOf(await storage.read(`${base}/a`))).toBe('one');
    const outcome = await storage.copy(`${base}/a`, join(folder, 'deep/b'), { kind: 'absent' });
    expect(outcome).toEqual({ kind: 'written', etag: (await storage.head(join(folder, 'deep/b')))?.etag });
    expect(await readFile(join(folder, 'deep/b'), 'utf8')).toBe('one');
    expect(await storage.copy(`${base}/a`, join(folder, 'deep/b'), { kind: 'absent' })).toEqual({
      kind: 'refused',
    });
    await expect(storage.copy(`${base}/none`, join(folder, 'deep/c'))).rejects.toMatchObject({
      kind: 'output',
    });
    expect(await readdir(join(folder, 'deep'))).toEqual(['b']);
  });

  it('moves a local file into S3, and keeps it when that fails', async () => {
    const storage = openStorage({ s3: { endpoint: server.endpoint() } });
    const [folder, base] = [await freshFolder(), await server.root()];
    await writeFile(join(folder, 'a'), 'one');
    await expect(storage.put(join(folder, 'a'), `${base}/${'k'.repeat(1100)}`)).rejects.toMatchObject({
      kind: 'data',
    });
    await storage.put(join(folder, 'a'), `${base}/a`);
    expect(await readdir(folder)).toEqual([]);
    await storage.writeAtomic(`${base}/b`, bytesOf('x'));
    expect((await collect(storage.list(`${base}/*`))).map(({ url }) => url)).toEqual([
      `${base}/a`,
      `${base}/b`,
    ]);
  });
});
