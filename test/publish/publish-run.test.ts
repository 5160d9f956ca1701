import { link, mkdir, readdir, readFile, rename, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PitwallError } from '../../src/error.ts';
import type { Lease } from '../../src/publish/lease.ts';
import type { Manifest } from '../../src/publish/manifest.ts';
import { openManifestLog } from '../../src/publish/manifest-log.ts';
import type { Publication } from '../../src/publish/publication.ts';
import { publishRun } from '../../src/publish/publish-run.ts';
import { rollForward } from '../../src/publish/roll-forward.ts';
import { verifyPublished } from '../../src/publish/verify.ts';
import { crashingStorage, Killed } from './crashing-storage.ts';
import { type SomeStore, someCheck, somePublication, someStore, treeOf, writeText } from './some-store.ts';

const publish = ({ storage, store }: SomeStore, publication: Publication) =>
  publishRun({ storage, store, publication });

describe('publishing', () => {
  it('gives every file its name, over what lay there, in folders that it makes', async () => {
    const some = await someStore();
    await writeText(join(some.root, 'old.json'), 'old');
    await writeText(join(some.root, 'other.json'), 'other');
    const files = { 'old.json': 'new', 'a/b/c.json': 'c', 'a/d.json': 'd' };
    const manifest = await publish(some, await somePublication(some, 'r1', files));
    expect(await treeOf(some.root)).toEqual({
      a: '(folder)',
      'a/b': '(folder)',
      'a/b/c.json': 'c',
      'a/d.json': 'd',
      'old.json': 'new',
      'other.json': 'other',
    });
    expect(manifest).toMatchObject({ sequence: 2, runId: 'r1', fingerprint: 'fingerprint of r1' });
    expect(manifest).not.toHaveProperty('publishing');
    expect(await openManifestLog(some.storage, some.store).latest()).toEqual(manifest);
  });

  it('notes the etag of each file as it lies there', async () => {
    const some = await someStore();
    const { outputs } = await publish(
      some,
      await somePublication(some, 'r1', { 'a.json': 'a', 'b.json': 'b' }),
    );
    for (const { url, etag } of outputs) expect(etag).toBe((await some.storage.head(url))?.etag);
  });

  it('looks once at a name before it is given', async () => {
    const some = await someStore();
    const { storage, looks } = watchedStorage(some, 'a.json');
    await publish({ ...some, storage }, await somePublication(some, 'r1', { 'a.json': 'a' }));
    expect(looks()).toBe(1);
    await publish({ ...some, storage }, await somePublication(some, 'r2', { 'a.json': 'b' }));
    expect(looks()).toBe(2);
    expect(await treeOf(some.root)).toEqual({ 'a.json': 'b' });
  });

  it('looks again where something has come since', async () => {
    const some = await someStore();
    const url = join(some.root, 'a.json');
    const { storage, looks } = watchedStorage(some, 'a.json', () => writeText(url, 'from elsewhere'));
    await publish({ ...some, storage }, await somePublication(some, 'r1', { 'a.json': 'a' }));
    expect(looks()).toBe(2);
    expect(await treeOf(some.root)).toEqual({ 'a.json': 'a' });
  });

  it('of nothing leaves a manifest that says so', async () => {
    const some = await someStore();
    const manifest = await publish(some, await somePublication(some, 'r1', {}));
    expect(manifest).toMatchObject({ runId: 'r1', outputs: [] });
  });

  it('takes away what is no output any more, and the folders that it leaves empty', async () => {
    const some = await someStore();
    await publish(some, await somePublication(some, 'r1', { 'a.json': 'a', '2019/b.json': 'b' }));
    await publish(some, await somePublication(some, 'r2', { 'a.json': 'new a' }));
    expect(await treeOf(some.root)).toEqual({ 'a.json': 'new a' });
  });

  it('leaves what is no output any more, but was changed, and warns', async () => {
    const some = await someStore();
    const url = join(some.root, 'b.json');
    await publish(some, await somePublication(some, 'r1', { 'a.json': 'a', 'b.json': 'b' }));
    await writeFile(`${url}.mine`, 'mine');
    await rename(`${url}.mine`, url);
    const warnings: string[] = [];
    const publication = await somePublication(some, 'r2', { 'a.json': 'a' });
    await publishRun({ ...some, publication, onWarning: (message) => warnings.push(message) });
    expect(await treeOf(some.root)).toEqual({ 'a.json': 'a', 'b.json': 'mine' });
    expect(warnings).toEqual([
      `${url} is no output of the job any more, but was changed since it was published, and stays; delete it if it is not needed`,
    ]);
  });

  it('carries outputs on as they lie there, without a look at their bytes', async () => {
    const some = await someStore();
    const first = await publish(some, await somePublication(some, 'r1', { 'a.json': 'a', 'b.json': 'b' }));
    const second = await somePublication(some, 'r2', { 'b.json': 'new b' });
    const before = await stat(join(some.root, 'a.json'));
    const outputs = [...second.outputs, ...first.outputs.filter(({ url }) => url.endsWith('a.json'))];
    const manifest = await publish(some, { ...second, outputs });
    expect(await treeOf(some.root)).toEqual({ 'a.json': 'a', 'b.json': 'new b' });
    expect((await stat(join(some.root, 'a.json'))).ctimeMs).toBe(before.ctimeMs);
    expect(manifest.outputs.map(({ runId }) => runId)).toEqual(['r2', 'r1']);
    expect(await verifyPublished(some.storage, manifest)).toEqual([]);
  });

  it('puts an output that it carries on back to what it was, when another run has replaced it since', async () => {
    const some = await someStore();
    const planned = await publish(some, await somePublication(some, 'r1', { 'a.json': 'a' }));
    await publish(some, await somePublication(some, 'r2', { 'a.json': 'a of r2' }));
    const third = await somePublication(some, 'r3', { 'b.json': 'b' });
    const manifest = await publish(some, { ...third, outputs: [...third.outputs, ...planned.outputs] });
    expect(await treeOf(some.root)).toEqual({ 'a.json': 'a', 'b.json': 'b' });
    expect(await verifyPublished(some.storage, manifest)).toEqual([]);
  });

  it('says to run again when such an output is gone from the run that made it', async () => {
    const some = await someStore();
    const planned = await publish(some, await somePublication(some, 'r1', { 'a.json': 'a' }));
    await publish(some, await somePublication(some, 'r2', { 'a.json': 'a of r2' }));
    await some.storage.deleteFolder(join(some.store, 'runs/r1'));
    const [a] = planned.outputs;
    await expect(publish(some, { ...planned, runId: 'r3' })).rejects.toMatchObject({
      kind: 'temporary',
      message: `${a?.url}: another run has replaced it since this one was planned, and ${a?.from} is gone; run it again`,
    });
    expect(await treeOf(some.root)).toEqual({ 'a.json': 'a of r2' });
  });

  it('replaces a symbolic link, not the file that it leads to', async () => {
    const some = await someStore();
    await writeText(join(some.root, '../target'), 'target');
    await symlink(join(some.root, '../target'), join(some.root, 'a.json'));
    await publish(some, await somePublication(some, 'r1', { 'a.json': 'new' }));
    expect(await treeOf(some.root)).toEqual({ 'a.json': 'new' });
    expect(await readFile(join(some.root, '../target'), 'utf8')).toBe('target');
  });

  it('twice is done once', async () => {
    const some = await someStore();
    const publication = await somePublication(some, 'r1', { 'a.json': 'a' });
    const first = await publish(some, publication);
    expect(await publish(some, publication)).toEqual(first);
  });

  it('stops between two files when it is told to, and the next run completes it', async () => {
    const some = await someStore();
    const publication = await somePublication(some, 'r1', { 'a.json': 'a', 'b.json': 'b' });
    const stop = new AbortController();
    const storage = { ...some.storage };
    storage.copy = async (...args) => {
      stop.abort(new PitwallError('interrupted', 'stopped'));
      return some.storage.copy(...args);
    };
    const stopped = publishRun({ storage, store: some.store, publication, signal: stop.signal });
    await expect(stopped).rejects.toMatchObject({ kind: 'interrupted' });
    expect((await rollForward(some.storage, some.store))?.runId).toBe('r1');
    expect(await treeOf(some.root)).toEqual({ 'a.json': 'a', 'b.json': 'b' });
  });
});

describe('nothing is published', () => {
  it.each([
    [[someCheck('bad', 1)], 'check failed: bad: 1 row breaks it, such as {"id":0}; nothing was published'],
    [
      [someCheck('good', 0), someCheck('bad', 12), someCheck('worse', 3)],
      'check failed: bad: 12 rows break it, such as {"id":0} {"id":1} {"id":2} (and 1 more check failed); nothing was published',
    ],
    [
      [someCheck('bad', 2), someCheck('b', 1), someCheck('c', 1), someCheck('d', 1, 'warn')],
      'check failed: bad: 2 rows break it, such as {"id":0} {"id":1} (and 2 more checks failed); nothing was published',
    ],
  ])('when checks fail (%#)', async (checks, message) => {
    const some = await someStore();
    const publication = await somePublication(some, 'r1', { 'a.json': 'a' }, checks);
    await expect(publish(some, publication)).rejects.toMatchObject({ kind: 'data', message });
    expect(await treeOf(some.root)).toEqual({});
    expect(await openManifestLog(some.storage, some.store).latest()).toBeUndefined();
  });

  it('but it is when a check only warns', async () => {
    const some = await someStore();
    const checks = [someCheck('only a warning', 2, 'warn')];
    await publish(some, await somePublication(some, 'r1', { 'a.json': 'a' }, checks));
    expect(await treeOf(some.root)).toEqual({ 'a.json': 'a' });
  });

  it('when two outputs have one path', async () => {
    const some = await someStore();
    const publication = await somePublication(some, 'r1', { 'a.json': 'a' });
    const outputs = [...publication.outputs, ...publication.outputs];
    await expect(publish(some, { ...publication, outputs })).rejects.toMatchObject({
      kind: 'data',
      message: `two outputs of the job have the same path: ${join(some.root, 'a.json')}; give them different templates`,
    });
  });

  it('when two paths differ in case alone', async () => {
    const some = await someStore();
    const publication = await somePublication(some, 'r1', { 'a.json': 'a', 'A.json': 'A' });
    await expect(publish(some, publication)).rejects.toThrow(
      'two outputs of the job have paths that differ only in case',
    );
  });

  it('by who has lost the lease', async () => {
    const some = await someStore();
    const lost = new PitwallError('temporary', 'another run took over');
    const lease: Lease = {
      epoch: 1,
      lost: new AbortController().signal,
      nameRun: async () => undefined,
      assertHeld: () => Promise.reject(lost),
      release: async () => undefined,
    };
    const publication = await somePublication(some, 'r1', { 'a.json': 'a' });
    await expect(publishRun({ ...some, publication, lease })).rejects.toBe(lost);
    expect(await treeOf(some.root)).toEqual({});
  });
});

describe('when a file cannot have its name, all is as it was before:', () => {
  const files = {
    'a.json': 'new a',
    'x/y/b.json': 'new b',
    'c.json': 'new c',
    'bad/d.json': 'new d',
    'e.json': 'new e',
  };

  /** Publishes where one of five files has no place; gives the message. */
  async function failing(prepare: (root: string) => Promise<unknown>, bad = 'bad/d.json'): Promise<string> {
    const some = await someStore();
    const first = await publish(
      some,
      await somePublication(some, 'r1', { 'a.json': 'old a', 'gone.json': 'gone' }),
    );
    await writeText(join(some.root, 'e.json'), 'old e');
    await prepare(some.root);
    const before = await treeOf(some.root);
    const renamed = Object.entries(files).map(([name, text]) => [name === 'bad/d.json' ? bad : name, text]);
    const publication = await somePublication(some, 'r2', Object.fromEntries(renamed));
    const error = await publish(some, publication).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'PitwallError', kind: 'output' });
    expect(await treeOf(some.root)).toEqual(before);
    expect(await openManifestLog(some.storage, some.store).latest()).toMatchObject(stateOf(first));
    await expectNextRunPublishes(some);
    return String(error).replaceAll(some.root, '~');
  }

  const stateOf = ({ runId, outputs, fingerprint }: Manifest) => ({ runId, outputs, fingerprint });

  /** What could not be published stands in no later run's way. */
  async function expectNextRunPublishes(some: SomeStore): Promise<void> {
    const next = await publish(some, await somePublication(some, 'r3', { 'a.json': 'a of r3' }));
    expect(await verifyPublished(some.storage, next)).toEqual([]);
  }

  it('a file lies where its folder has to be', async () => {
    expect(await failing((root) => writeFile(join(root, 'bad'), 'a file'))).toBe(
      'cannot write ~/bad/d.json: a part of the path is a file, not a folder; change the output path',
    );
  });

  it('a folder has its name', async () => {
    expect(await failing((root) => mkdir(join(root, 'bad/d.json'), { recursive: true }))).toBe(
      "cannot write ~/bad/d.json: a folder has this name; move it away or change the output's path",
    );
  });

  it('its name is too long', async () => {
    const name = `${'x'.repeat(300)}.json`;
    expect(await failing(async () => undefined, name)).toBe(
      `cannot write ~/${name}: the name is too long for the file system; shorten it`,
    );
  });

  it('its folder is a link that leads nowhere', async () => {
    expect(await failing((root) => symlink('/nowhere/at/all', join(root, 'bad')))).toMatch(
      /^cannot write ~\/bad\/d\.json: /,
    );
  });

  it('it is a link that leads nowhere', async () => {
    const place = async (root: string) => {
      await mkdir(join(root, 'bad'));
      await symlink('/nowhere/at/all', join(root, 'bad/d.json'));
    };
    const some = await someStore();
    await place(some.root);
    const publication = await somePublication(some, 'r1', files);
    await expect(publish(some, publication)).rejects.toThrow(
      `cannot write ${join(some.root, 'bad/d.json')}: something else keeps changing it; end that first`,
    );
    expect(await readdir(some.root)).toEqual(['_pitwall', 'bad']);
  });

  it('the file of the run is gone', async () => {
    const some = await someStore();
    await writeText(join(some.root, 'a.json'), 'old a');
    const publication = await somePublication(some, 'r1', { 'a.json': 'new a', 'b/c.json': 'b' });
    const from = publication.outputs[1]?.from ?? '';
    await rename(from, `${from}.elsewhere`);
    await expect(publish(some, publication)).rejects.toMatchObject({
      kind: 'output',
      message: `cannot write ${join(some.root, 'b/c.json')}: ${from}, which has its bytes, is gone`,
    });
    expect(await treeOf(some.root)).toEqual({ 'a.json': 'old a' });
  });

  it('and what lay there before is the same file', async () => {
    const some = await someStore();
    const path = join(some.root, 'a.json');
    await writeFile(path, 'old a');
    await link(path, join(some.root, '../witness'));
    const { ino } = await stat(path);
    await writeFile(join(some.root, 'bad'), 'a file');
    await expect(publish(some, await somePublication(some, 'r1', files))).rejects.toThrow('cannot write');
    expect((await stat(path)).ino).toBe(ino);
  });
});

describe('a process that is killed while it publishes', () => {
  /** Publishes two runs, the second killed after `calls` calls of the store; gives what lies there, and then. */
  async function killedAfter(calls: number) {
    const some = await someStore();
    await writeText(join(some.root, 'mine.json'), 'mine');
    await publish(
      some,
      await somePublication(some, 'r1', { 'a.json': 'old a', '2019/b.json': 'b', 'c.json': 'c' }),
    );
    const publication = await somePublication(some, 'r2', {
      'a.json': 'new a',
      'd.json': 'd',
      'mine.json': 'ours',
    });
    const crashing = crashingStorage(some.storage, calls);
    const outcome = await publishRun({ ...some, storage: crashing.storage, publication }).then(
      () => 'published',
      (error: unknown) => error,
    );
    const manifest = await rollForward(some.storage, some.store);
    return { some, outcome, manifest, calls: crashing.calls() };
  }

  const old = {
    'a.json': 'old a',
    '2019': '(folder)',
    '2019/b.json': 'b',
    'c.json': 'c',
    'mine.json': 'mine',
  };
  const now = { 'a.json': 'new a', 'd.json': 'd', 'mine.json': 'ours' };

  it('at whatever call, leaves all that was or, once it is rolled forward, all that is new', async () => {
    const { calls: all } = await killedAfter(Number.POSITIVE_INFINITY);
    expect(all).toBeGreaterThan(20);
    const published: boolean[] = [];
    for (let calls = 0; calls <= all; calls++) {
      const { some, outcome, manifest } = await killedAfter(calls);
      const isPublished = manifest?.runId === 'r2';
      if (calls < all) expect(outcome).not.toBe('published');
      expect(await treeOf(some.root)).toEqual(isPublished ? now : old);
      if (manifest !== undefined) expect(await verifyPublished(some.storage, manifest)).toEqual([]);
      published.push(isPublished);
    }
    expect(published).toEqual(published.toSorted());
    expect(new Set(published)).toEqual(new Set([false, true]));
  });
});

describe('rolling forward', () => {
  it('of a store where nothing was published gives nothing', async () => {
    const { storage, store } = await someStore();
    expect(await rollForward(storage, store)).toBeUndefined();
  });

  it('takes back what another run announced and cannot be carried out, and warns', async () => {
    const some = await someStore();
    const publication = await somePublication(some, 'r1', { 'a.json': 'a', 'b/c.json': 'c' });
    const crashing = { ...some.storage, copy: () => Promise.reject(new Killed()) };
    await expect(publishRun({ ...some, storage: crashing, publication })).rejects.toBeInstanceOf(Killed);
    await writeFile(join(some.root, 'b'), 'a file');
    const warnings: string[] = [];
    const manifest = await rollForward(some.storage, some.store, {
      onWarning: (text) => warnings.push(text),
    });
    expect(manifest).toMatchObject({ runId: '', outputs: [] });
    expect(await treeOf(some.root)).toEqual({ b: 'a file' });
    expect(warnings).toEqual([
      `run r1 could not be published and was taken back: cannot write ${join(some.root, 'b/c.json')}: a part of the path is a file, not a folder; change the output path`,
    ]);
  });

  it('by many at once is done once', async () => {
    const some = await someStore();
    const files = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`${n % 3}/${n}.json`, `${n}`]));
    const publication = await somePublication(some, 'r1', files);
    const crashing = { ...some.storage, copy: () => Promise.reject(new Killed()) };
    await expect(publishRun({ ...some, storage: crashing, publication })).rejects.toBeInstanceOf(Killed);
    const rolled = await Promise.all(Array.from({ length: 6 }, () => rollForward(some.storage, some.store)));
    expect(new Set(rolled.map((manifest) => manifest?.sequence))).toEqual(new Set([2]));
    const [manifest] = rolled;
    if (manifest !== undefined) expect(await verifyPublished(some.storage, manifest)).toEqual([]);
  });
});

describe('runs that publish at once', () => {
  it('leave one whole, whichever comes last', async () => {
    const some = await someStore();
    const runs = ['r1', 'r2', 'r3', 'r4'];
    const publications = await Promise.all(
      runs.map((run) => somePublication(some, run, { 'a.json': run, 'b.json': run, [`${run}.json`]: run })),
    );
    const outcomes = await Promise.allSettled(publications.map((publication) => publish(some, publication)));
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ kind: 'temporary' });
    const manifest = await rollForward(some.storage, some.store);
    const last = manifest?.runId ?? '';
    expect(runs).toContain(last);
    expect(await treeOf(some.root)).toEqual({ 'a.json': last, 'b.json': last, [`${last}.json`]: last });
  });
});

/** A storage that counts the looks at a name, and does something before the first copy to it. */
function watchedStorage(
  { storage, root }: SomeStore,
  name: string,
  beforeCopy: () => Promise<void> = async () => undefined,
) {
  const watched = join(root, name);
  let looks = 0;
  let isFirst = true;
  return {
    looks: () => looks,
    storage: {
      ...storage,
      head: (url: string) => {
        if (url === watched) looks++;
        return storage.head(url);
      },
      copy: async (...[from, to, condition, sizeBytes]: Parameters<typeof storage.copy>) => {
        if (to === watched && isFirst) await beforeCopy();
        if (to === watched) isFirst = false;
        return storage.copy(from, to, condition, sizeBytes);
      },
    },
  };
}
