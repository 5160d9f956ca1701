import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Storage, StoredObject } from '../../src/storage/storage.ts';

/** What every storage must do. `root` gives a fresh, empty prefix as a url without a slash at its end. */
export function storageContract(name: string, storage: Storage, root: () => Promise<string>): void {
  describe(`${name} as a storage`, () => {
    const bytes = (text: string) => new TextEncoder().encode(text);
    const text = (data: Uint8Array) => new TextDecoder().decode(data);
    const put = (url: string, content = 'x') => storage.writeAtomic(url, bytes(content));
    const urls = async (pattern: string) => (await collect(storage.list(pattern))).map(({ url }) => url);

    it('reads back what was written, whole and by range', async () => {
      const url = `${await root()}/deep/er/a.txt`;
      await put(url, 'hello world');
      expect(text(await storage.read(url))).toBe('hello world');
      expect(text(await storage.read(url, { start: 6 }))).toBe('world');
      expect(text(await storage.read(url, { start: 0, end: 5 }))).toBe('hello');
      expect(text(await storage.read(url, { start: 6, end: 600 }))).toBe('world');
      expect(text(await storage.read(url, { start: 3, end: 3 }))).toBe('');
    });

    it('streams the same bytes as it reads', async () => {
      const url = `${await root()}/big.bin`;
      const big = Uint8Array.from({ length: 3_000_000 }, (_, index) => index % 251);
      await storage.writeAtomic(url, big);
      expect(Buffer.concat(await collect(storage.readStream(url))).equals(big)).toBe(true);
    });

    it('gives size and etag, and another etag after another write', async () => {
      const url = `${await root()}/a.txt`;
      await put(url, 'one');
      const first = await storage.head(url);
      await put(url, 'two');
      const second = await storage.head(url);
      expect(first).toMatchObject({ url, sizeBytes: 3 });
      expect(second?.etag).not.toBe(first?.etag);
    });

    it('tells of an object that is not there by undefined, and deletes it without complaint', async () => {
      const url = `${await root()}/none.txt`;
      expect(await storage.head(url)).toBeUndefined();
      await expect(storage.delete(url)).resolves.toBeUndefined();
    });

    it('deletes', async () => {
      const url = `${await root()}/a.txt`;
      await put(url);
      await storage.delete(url);
      expect(await storage.head(url)).toBeUndefined();
    });

    it('creates an object once: the second create-if-absent is refused and changes nothing', async () => {
      const url = `${await root()}/record.json`;
      expect((await storage.writeAtomic(url, bytes('first'), { kind: 'absent' })).kind).toBe('written');
      expect(await storage.writeAtomic(url, bytes('second'), { kind: 'absent' })).toEqual({
        kind: 'refused',
      });
      expect(text(await storage.read(url))).toBe('first');
    });

    it('lets one of sixteen racing creators win', async () => {
      const url = `${await root()}/race.json`;
      const writes = Array.from({ length: 16 }, (_, n) =>
        storage.writeAtomic(url, bytes(`${n}`), { kind: 'absent' }),
      );
      const kinds = (await Promise.all(writes)).map(({ kind }) => kind);
      expect(kinds.filter((kind) => kind === 'written')).toHaveLength(1);
      expect(kinds.indexOf('written')).toBe(Number(text(await storage.read(url))));
    });

    it('replaces a version only under its etag', async () => {
      const url = `${await root()}/manifest.json`;
      const first = await put(url, 'one');
      const etag = first.kind === 'written' ? first.etag : '';
      expect((await storage.writeAtomic(url, bytes('two'), { kind: 'match', etag })).kind).toBe('written');
      expect(await storage.writeAtomic(url, bytes('three'), { kind: 'match', etag })).toEqual({
        kind: 'refused',
      });
      expect(text(await storage.read(url))).toBe('two');
    });

    it('refuses to replace under an etag what is not there', async () => {
      const url = `${await root()}/manifest.json`;
      expect(await storage.writeAtomic(url, bytes('x'), { kind: 'match', etag: 'e' })).toEqual({
        kind: 'refused',
      });
      expect(await storage.head(url)).toBeUndefined();
    });

    it('gives from a write the etag that head gives', async () => {
      const url = `${await root()}/a.txt`;
      const outcome = await put(url, 'one');
      expect(outcome).toEqual({ kind: 'written', etag: (await storage.head(url))?.etag });
    });

    it('leaves nothing but the object behind', async () => {
      const base = await root();
      await put(`${base}/a.txt`);
      await storage.writeAtomic(`${base}/a.txt`, bytes('y'), { kind: 'absent' });
      expect(await urls(`${base}/**`)).toEqual([`${base}/a.txt`]);
      expect(await urls(`${base}/.*`)).toEqual([]);
    });

    it('lists by glob, ordered by bytes', async () => {
      const base = await root();
      for (const name of ['b.csv', 'a.csv', 'B.csv', 'é.csv', 'a-1.csv', 'c.txt', 'sub/d.csv'])
        await put(`${base}/${name}`);
      const below = async (glob: string) =>
        (await urls(`${base}/${glob}`)).map((url) => url.slice(base.length + 1));
      expect(await below('*.csv')).toEqual(['B.csv', 'a-1.csv', 'a.csv', 'b.csv', 'é.csv']);
      expect(await below('**/*.csv')).toEqual(['B.csv', 'a-1.csv', 'a.csv', 'b.csv', 'sub/d.csv', 'é.csv']);
      expect(await below('?.csv')).toEqual(['B.csv', 'a.csv', 'b.csv', 'é.csv']);
      expect(await below('[ab].csv')).toEqual(['a.csv', 'b.csv']);
      expect(await below('{a,c}.{csv,txt}')).toEqual(['a.csv', 'c.txt']);
      expect(await below('*/d.csv')).toEqual(['sub/d.csv']);
      expect(await below('none*.csv')).toEqual([]);
      expect(await below('none.csv')).toEqual([]);
    });

    it('knows the deepest folder above a pattern that exists', async () => {
      const base = await root();
      await put(`${base}/a/b.csv`);
      expect(await storage.nearestFolder(`${base}/a/*.csv`)).toBe(`${base}/a`);
      expect(await storage.nearestFolder(`${base}/a/c*/d/{e,f}.csv`)).toBe(`${base}/a`);
    });

    it('lists all below a folder, at any depth, whatever characters its name holds', async () => {
      const folder = `${await root()}/a [b]*`;
      for (const name of ['b.json', 'a.json', 'sub/er/c.json', '.hidden']) await put(`${folder}/${name}`);
      await put(`${folder}-other/d.json`);
      const found = await collect(storage.listFolder(folder));
      const names = ['.hidden', 'a.json', 'b.json', 'sub/er/c.json'];
      expect(found.map(({ url }) => url)).toEqual(names.map((name) => `${folder}/${name}`));
      expect(found[1]).toEqual(await storage.head(`${folder}/a.json`));
      expect(await collect(storage.listFolder(`${folder}/none`))).toEqual([]);
    });

    it('lists the folders in a folder', async () => {
      const base = await root();
      for (const name of ['runs/b/x.json', 'runs/a/deep/er.json', 'runs/file.json'])
        await put(`${base}/${name}`);
      expect(await storage.subfolders(`${base}/runs`)).toEqual([`${base}/runs/a`, `${base}/runs/b`]);
      expect(await storage.subfolders(`${base}/none`)).toEqual([]);
    });

    describe('copies', () => {
      async function twoObjects() {
        const base = await root();
        const [from, to] = [`${base}/from.txt`, `${base}/deep/er/to.txt`];
        await put(from, 'new');
        const content = async () => text(await storage.read(to));
        return { base, from, to, content };
      }

      it('an object to a name in a folder that is not there, and gives its etag', async () => {
        const { from, to, content } = await twoObjects();
        const outcome = await storage.copy(from, to);
        expect(outcome).toEqual({ kind: 'written', etag: (await storage.head(to))?.etag });
        expect(await content()).toBe('new');
        expect(text(await storage.read(from))).toBe('new');
      });

      it('over what lies there, and over itself', async () => {
        const { base, from, to, content } = await twoObjects();
        await put(to, 'old');
        expect((await storage.copy(from, to)).kind).toBe('written');
        expect((await storage.copy(from, to)).kind).toBe('written');
        expect(await content()).toBe('new');
        expect(await urls(`${base}/**/.*`)).toEqual([]);
      });

      it('to where nothing lies, once', async () => {
        const { from, to, content } = await twoObjects();
        const outcome = await storage.copy(from, to, { kind: 'absent' });
        expect(outcome).toEqual({ kind: 'written', etag: (await storage.head(to))?.etag });
        await put(from, 'newer');
        expect(await storage.copy(from, to, { kind: 'absent' })).toEqual({ kind: 'refused' });
        expect(await content()).toBe('new');
      });

      it('for one of sixteen that race for a name', async () => {
        const { base, to, content } = await twoObjects();
        const sources = Array.from({ length: 16 }, (_, n) => `${base}/${n}.txt`);
        for (const [n, url] of sources.entries()) await put(url, `${n}`);
        const race = await Promise.all(sources.map((from) => storage.copy(from, to, { kind: 'absent' })));
        const won = race.flatMap(({ kind }, n) => (kind === 'written' ? [`${n}`] : []));
        expect(won).toEqual([await content()]);
      });

      it('over a version only under its etag', async () => {
        const { base, from, to, content } = await twoObjects();
        const first = await put(to, 'old');
        const etag = first.kind === 'written' ? first.etag : '';
        const second = await storage.copy(from, to, { kind: 'match', etag });
        expect(second).toEqual({ kind: 'written', etag: (await storage.head(to))?.etag });
        await put(from, 'newer');
        expect(await storage.copy(from, to, { kind: 'match', etag })).toEqual({ kind: 'refused' });
        expect(await content()).toBe('new');
        expect(await storage.copy(from, `${base}/none`, { kind: 'match', etag })).toEqual({
          kind: 'refused',
        });
        expect(await urls(`${base}/**/.*`)).toEqual([]);
      });

      it('nothing from a name where nothing lies', async () => {
        const { base, to } = await twoObjects();
        await expect(storage.copy(`${base}/none.txt`, to)).rejects.toMatchObject({ name: 'PitwallError' });
        await expect(storage.copy(`${base}/none.txt`, to, { kind: 'absent' })).rejects.toMatchObject({
          name: 'PitwallError',
        });
        expect(await storage.head(to)).toBeUndefined();
      });

      it('whose size is known as any other', async () => {
        const { base, from, to, content } = await twoObjects();
        const outcome = await storage.copy(from, to, { kind: 'absent' }, 3);
        expect(outcome).toEqual({ kind: 'written', etag: (await storage.head(to))?.etag });
        expect(await storage.copy(from, to, { kind: 'absent' }, 3)).toEqual({ kind: 'refused' });
        const etag = outcome.kind === 'written' ? outcome.etag : '';
        for (const condition of [undefined, { kind: 'absent' }, { kind: 'match', etag }] as const)
          await expect(storage.copy(`${base}/none.txt`, to, condition, 3)).rejects.toMatchObject({
            name: 'PitwallError',
            message: expect.stringContaining('none.txt'),
          });
        expect(await content()).toBe('new');
      });
    });

    it('moves a file of this machine to a name', async () => {
      const [path, url] = [join(await localFolder(), 'local.txt'), `${await root()}/deep/a.txt`];
      await put(url, 'old');
      await writeFile(path, 'new');
      await storage.put(path, url);
      expect(text(await storage.read(url))).toBe('new');
      await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
    });

    it('copies a file of this machine to a name, which stays, and under a condition', async () => {
      const path = join(await localFolder(), 'local.txt');
      const url = `${await root()}/deep/a.txt`;
      await writeFile(path, 'new');
      const outcome = await storage.upload(path, url, { kind: 'absent' });
      expect(outcome).toEqual({ kind: 'written', etag: (await storage.head(url))?.etag });
      await writeFile(path, 'newer');
      expect(await storage.upload(path, url, { kind: 'absent' })).toEqual({ kind: 'refused' });
      expect(text(await storage.read(url))).toBe('new');
      const etag = outcome.kind === 'written' ? outcome.etag : '';
      expect((await storage.upload(path, url, { kind: 'match', etag })).kind).toBe('written');
      expect(text(await storage.read(url))).toBe('newer');
      expect(await readFile(path, 'utf8')).toBe('newer');
    });

    it('writes a range into a file of this machine, where it is told to, and leaves the rest of it', async () => {
      const path = join(await localFolder(), 'local.txt');
      const url = `${await root()}/a.txt`;
      await put(url, 'hello world');
      expect(await storage.download(url, path)).toBe(11);
      expect(await readFile(path, 'utf8')).toBe('hello world');
      expect(await storage.download(url, path, { start: 6, end: 600, at: 0 })).toBe(5);
      expect(await readFile(path, 'utf8')).toBe('world world');
      expect(await storage.download(url, path, { start: 0, end: 2, at: 20 })).toBe(2);
      expect((await readFile(path)).length).toBe(22);
      expect(await storage.download(url, path, { start: 3, end: 3 })).toBe(0);
    });

    it('reads the version that it is asked for, and no other', async () => {
      const path = join(await localFolder(), 'local.txt');
      const url = `${await root()}/a.txt`;
      await put(url, 'one');
      const version = await storage.head(url);
      expect(text(await storage.read(url, { version }))).toBe('one');
      expect(text(await storage.read(url, { version, start: 1, end: 2 }))).toBe('n');
      expect(text(await storage.read(url, { version, start: 3 }))).toBe('');
      await put(url, 'two');
      const changed = {
        kind: 'data',
        message: `${url} was replaced by another version while it was in use; run it again, so that it is planned anew`,
      };
      await expect(storage.read(url, { version })).rejects.toMatchObject(changed);
      await expect(storage.read(url, { version, start: 1, end: 2 })).rejects.toMatchObject(changed);
      await expect(collect(storage.readStream(url, { version }))).rejects.toMatchObject(changed);
      await expect(storage.download(url, path, { version })).rejects.toMatchObject(changed);
      const into = new Uint8Array(1);
      await expect(storage.readInto(url, into, { version, start: 1 })).rejects.toMatchObject(changed);
    });

    it('fills memory from a place on, shared memory too, and says where an object ends before', async () => {
      const url = `${await root()}/a.txt`;
      await put(url, 'hello world');
      const memory = new Uint8Array(new SharedArrayBuffer(8), 1, 5);
      await storage.readInto(url, memory, { start: 6 });
      expect(text(memory.slice())).toBe('world');
      await storage.readInto(url, new Uint8Array(0), { start: 6 });
      await expect(storage.readInto(url, new Uint8Array(6), { start: 6 })).rejects.toMatchObject({
        kind: 'data',
        message: `${url} ends before byte 12, which it was to have; run again`,
      });
    });

    it('stops reading when it is told to', async () => {
      const url = `${await root()}/a.txt`;
      await put(url, 'one');
      const signal = AbortSignal.abort(new Error('no more'));
      await expect(storage.read(url, { signal })).rejects.toThrow('no more');
      await expect(collect(storage.readStream(url, { signal }))).rejects.toThrow('no more');
    });

    it('deletes a version only under its etag', async () => {
      const url = `${await root()}/a.txt`;
      await put(url, 'one');
      const etag = (await storage.head(url))?.etag ?? '';
      await put(url, 'two');
      expect(await storage.deleteVersion(url, etag)).toBe(false);
      expect(text(await storage.read(url))).toBe('two');
      expect(await storage.deleteVersion(url, (await storage.head(url))?.etag ?? '')).toBe(true);
      expect(await storage.head(url)).toBeUndefined();
      expect(await storage.deleteVersion(url, etag)).toBe(false);
    });

    it('deletes a folder with all that lies in it, and nothing else', async () => {
      const base = await root();
      for (const name of ['run/a.txt', 'run/deep/.b.txt', 'run-2/c.txt']) await put(`${base}/${name}`);
      await storage.deleteFolder(`${base}/run`);
      await storage.deleteFolder(`${base}/run`);
      const left = await collect(storage.listFolder(base));
      expect(left.map(({ url }) => url)).toEqual([`${base}/run-2/c.txt`]);
    });

    it('leaves no empty folders between a root and a name, and no object the less', async () => {
      const base = await root();
      await put(`${base}/a/b/c.txt`);
      await put(`${base}/a/d.txt`);
      await storage.delete(`${base}/a/b/c.txt`);
      await storage.pruneFolders(`${base}/a/b/c.txt`, base);
      expect(await storage.subfolders(`${base}/a`)).toEqual([]);
      await storage.delete(`${base}/a/d.txt`);
      await storage.pruneFolders(`${base}/a/d.txt`, base);
      expect(await storage.subfolders(base)).toEqual([]);
      await put(`${base}/e.txt`);
      await storage.pruneFolders(`${base}/e.txt`, base);
      expect(await storage.head(`${base}/e.txt`)).toBeDefined();
    });

    it('takes a name with glob characters literally when it exists', async () => {
      const base = await root();
      await put(`${base}/we[ir]d*.csv`);
      await put(`${base}/weird1.csv`);
      expect(await urls(`${base}/we[ir]d*.csv`)).toEqual([`${base}/we[ir]d*.csv`]);
    });
  });
}

async function localFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'pitwall-local-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

async function collect<T extends StoredObject | Uint8Array>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
