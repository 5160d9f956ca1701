import { describe, expect, it } from 'vitest';
import { compareUrls, globMatcher } from '../../src/storage/glob.ts';
import { keyPattern } from '../../src/storage/s3-glob.ts';
import { countListed } from '../s3/count-listed.ts';
import { BUCKET, describeS3 } from '../s3/describe-s3.ts';
import { bytesOf, collect, s3Rig, textOf } from './s3-rig.ts';

describe('a listing of many keys', () => {
  it.each([
    ['s3://many/in/**/*.csv', true],
    ['s3://many/in/*/*.csv', false],
  ] as const)('gives each of them once and in order: %s, by bytes: %s', async (pattern, ordersByBytes) => {
    const { found } = await countListed({ count: 20_000, perFolder: 250 }, pattern, ordersByBytes);
    expect(found).toBe(20_000);
  });

  it('looks into those folders only that can hold matches', async () => {
    const keys = { count: 100_000, perFolder: 1000 };
    const { found, pages } = await countListed(keys, 's3://many/in/{07,42}/*.csv');
    expect(found).toBe(2000);
    expect(pages).toBeLessThan(10);
  });
});

describe('a pattern of keys', () => {
  it.each([
    ['in/2024/*.csv', 'in/2024/', ['*.csv']],
    ['year=*/month=0?/a.csv', '', ['year=*', 'month=0?', 'a.csv']],
    ['in/{a,b/c}/*.csv', 'in/', ['{a,b/c}', '*.csv']],
    ['in/**/x', 'in/', ['**', 'x']],
  ])('%s is looked for below what stands before its first glob', (pattern, prefix, segments) => {
    expect(keyPattern(pattern)).toMatchObject({ prefix, segments });
  });
});

describeS3('listings of S3', (server) => {
  const rig = s3Rig(server);

  it('see all of 1001 keys, however they are divided among folders', async () => {
    const [base, storage] = [await server.root(), rig.direct()];
    const names = Array.from({ length: 1001 }, (_, n) => `${'abc'[n % 3]}/${n}.csv`);
    await Promise.all(names.map((name) => storage.writeAtomic(`${base}/${name}`, bytesOf(name))));
    const sorted = names.map((name) => `${base}/${name}`).sort();
    for (const pattern of ['**', '*/*.csv', '**/*.csv', '{a,b,c}/**', '[abc]/?*.csv']) {
      const found = (await collect(storage.list(`${base}/${pattern}`))).map(({ url }) => url);
      expect(found, pattern).toEqual(sorted);
    }
    expect(await collect(storage.listFolder(base))).toHaveLength(1001);
    await storage.deleteFolder(base);
    expect(await collect(storage.listFolder(base))).toEqual([]);
  }, 60_000);

  it('are in the order of bytes where the server goes through its folders by name', async () => {
    const [base, storage] = [await server.root(), rig.direct()];
    const names = ['c', 'c-1', 'c.csv', 'c.d', 'c.d-x', 'c0', 'c e'].flatMap((folder) =>
      Array.from({ length: 150 }, (_, n) => `in/${folder}/${n}.csv`),
    );
    names.push('in/c.a', 'in/c.d.csv', 'in/b');
    await Promise.all(names.map((name) => storage.writeAtomic(`${base}/${name}`, bytesOf('x'))));
    const sorted = names.map((name) => `${base}/${name}`).sort(compareUrls);
    const found = async (pattern: string) => (await collect(storage.list(pattern))).map(({ url }) => url);
    expect(await found(`${base}/in/**`)).toEqual(sorted);
    expect(await found(`${base}/in/*/*.csv`)).toEqual(sorted.filter((url) => /in\/.*\//.test(url)));
  });

  it('match what the same glob matches on whole urls', async () => {
    const [base, storage] = [await server.root(), rig.direct()];
    const names = [
      'a.csv',
      'b/a.csv',
      'b/.c/a.csv',
      'b/c/d/a.csv',
      '.b/a.csv',
      'b/c.csv/d.csv',
      'x{y}.csv',
      'b/(c)/a+b.csv',
    ];
    for (const name of names) await storage.writeAtomic(`${base}/${name}`, bytesOf('x'));
    for (const glob of [
      '*',
      '**',
      '*/*',
      '**/a.csv',
      'b/*',
      'b/**',
      'b/*/*',
      '{a,b/a}.csv',
      '{b,b/c}/*/a.csv',
      '*/c*/**',
      'b/(c)/*',
      '.*/*',
    ]) {
      const found = (await collect(storage.list(`${base}/${glob}`))).map(({ url }) => url);
      const matches = globMatcher(`${base}/${glob}`.slice('s3://'.length));
      const expected = names
        .map((name) => `${base}/${name}`)
        .filter((url) => matches(url.slice('s3://'.length)));
      expect(found, glob).toEqual(expected.sort(compareUrls));
    }
  });

  /** SeaweedFS, where keys are paths of files, makes one slash of two and takes `\` for one: docs/s3.md. */
  const NAMES = [
    'a b.csv',
    'a=1/b.csv',
    'a+b.csv',
    '100%.csv',
    '%41.csv',
    '%2F.csv',
    'ü/日本.csv',
    '😀.csv',
    'a[1]*?.csv',
    `"'<>&.csv`,
    '~!@#$^()_-;:,.csv',
    'a?b#c.csv',
  ];

  it.each(NAMES)('take %s as it is written: in lists, reads, writes, copies and deletes', async (name) => {
    const [base, storage] = [await server.root(), rig.direct()];
    const url = `${base}/${name}`;
    await storage.writeAtomic(url, bytesOf(name));
    expect((await collect(storage.listFolder(base))).map((found) => found.url)).toEqual([url]);
    expect((await collect(storage.list(url))).map((found) => found.url)).toEqual([url]);
    expect(textOf(await storage.read(url))).toBe(name);
    await storage.copy(url, `${base}/copies/${name}`);
    expect(textOf(await storage.read(`${base}/copies/${name}`))).toBe(name);
    await storage.deleteFolder(`${base}/copies`);
    await storage.delete(url);
    expect(await collect(storage.listFolder(base))).toEqual([]);
    expect(url).toContain(BUCKET);
  });
});
