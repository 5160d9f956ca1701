import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PitwallError } from '../../src/error.ts';
import { prepareStore } from '../../src/publish/prepare-store.ts';
import { probeStore } from '../../src/publish/probe-store.ts';
import { proveWritable } from '../../src/publish/prove-writable.ts';
import { localStorage } from '../../src/storage/local.ts';
import type { Storage } from '../../src/storage/storage.ts';
import { someFolder } from '../execute/some-step.ts';

const storage = localStorage();

describe('probing a store', () => {
  const unsafe = (what: string) =>
    `cannot keep runs in ~: it ${what}, so that two runs could spoil each other's; choose a store with conditional writes, or see to it that no other run of the job is at work and give --single-writer`;

  async function probeWith(writeAtomic: Storage['writeAtomic']): Promise<string> {
    const store = await someFolder();
    const error = await probeStore({ ...storage, writeAtomic }, store).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(PitwallError);
    expect(await readdir(store)).toEqual([]);
    return String(error).replace(store, '~');
  }

  it('finds nothing wrong with a local disk, and leaves no trace', async () => {
    const store = await someFolder();
    await probeStore(storage, store);
    expect(await readdir(store)).toEqual([]);
  });

  it('refuses one that does not heed conditions', async () => {
    const heedless: Storage['writeAtomic'] = (url, bytes) => storage.writeAtomic(url, bytes);
    expect(await probeWith(heedless)).toBe(unsafe('creates an object that exists'));
  });

  it('refuses one that copies over what exists, or replaces another version', async () => {
    const copy: Storage['copy'] = (from, to) => storage.copy(from, to);
    await expect(probeStore({ ...storage, copy }, await someFolder())).rejects.toThrow(
      'copies over an object that exists',
    );
    const heedless: Storage['writeAtomic'] = (url, bytes, condition) =>
      storage.writeAtomic(url, bytes, condition?.kind === 'match' ? undefined : condition);
    expect(await probeWith(heedless)).toBe(unsafe('replaces another version than it was told to'));
  });

  it('is left out where the caller sees to it that no other writes', async () => {
    const heedless: Storage['writeAtomic'] = (url, bytes) => storage.writeAtomic(url, bytes);
    const store = `${await someFolder()}/_pitwall/job`;
    const blind = { ...storage, writeAtomic: heedless };
    await expect(prepareStore(blind, store, { steps: [] })).rejects.toThrow('creates an object that exists');
    await prepareStore(blind, store, { steps: [], singleWriter: true });
  });

  it('refuses one in which several racing creators win', async () => {
    const racy: Storage['writeAtomic'] = async (url, bytes) => {
      const isThere = (await storage.head(url)) !== undefined;
      await new Promise((resolve) => setImmediate(resolve));
      return isThere ? { kind: 'refused' } : storage.writeAtomic(url, bytes);
    };
    expect(await probeWith(racy)).toMatch(/: it let [234] of 4 racing creators of an object win, /);
  });

  it('accepts one whose replies are lost, where a creator knows its object by the bytes', async () => {
    const byBytes: Storage['writeAtomic'] = async (url, bytes, condition) => {
      const outcome = await storage.writeAtomic(url, bytes, condition);
      const found = outcome.kind === 'refused' ? await storage.head(url) : undefined;
      const isOwn = found !== undefined && Buffer.compare(await storage.read(url), bytes) === 0;
      return isOwn ? { kind: 'written', etag: found.etag } : outcome;
    };
    await probeStore({ ...storage, writeAtomic: byBytes }, await someFolder());
  });

  it('refuses one that creates nothing', async () => {
    expect(await probeWith(async () => ({ kind: 'refused' }))).toBe(unsafe('refuses to create an object'));
  });
});

describe('proving that roots can be written', () => {
  it('leaves no trace, whether they are there or not', async () => {
    const folder = await someFolder();
    await mkdir(join(folder, 'there'));
    const roots = ['there', 'not/there', 'there'].map((name) => join(folder, name));
    await proveWritable(storage, roots);
    expect(await readdir(folder, { recursive: true })).toEqual(['there']);
  });

  it('names the root that is a file, and leaves no trace of the others', async () => {
    const folder = await someFolder();
    const [good, bad] = [join(folder, 'good'), join(folder, 'file')];
    await writeFile(bad, 'a file');
    await expect(proveWritable(storage, [good, bad])).rejects.toMatchObject({
      kind: 'output',
      message: `cannot write ${bad}: a part of the path is a file, not a folder; change the output path`,
    });
    expect(await readdir(folder)).toEqual(['file']);
  });

  it('names the root that lies behind a link that leads nowhere', async () => {
    const root = join(await someFolder(), 'link');
    await symlink('/nowhere/at/all', root);
    await expect(proveWritable(storage, [root])).rejects.toThrow(`cannot write ${root}: `);
  });

  it.runIf(process.platform === 'linux')('names the root where nothing can be made', async () => {
    await expect(proveWritable(storage, ['/proc/nope'])).rejects.toMatchObject({
      kind: 'output',
      message: 'cannot write /proc/nope: nothing can be made there; change the output path',
    });
  });
});
