import { describe, expect, it } from 'vitest';
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

    it('takes a name with glob characters literally when it exists', async () => {
      const base = await root();
      await put(`${base}/we[ir]d*.csv`);
      await put(`${base}/weird1.csv`);
      expect(await urls(`${base}/we[ir]d*.csv`)).toEqual([`${base}/we[ir]d*.csv`]);
    });
  });
}

async function collect<T extends StoredObject | Uint8Array>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
