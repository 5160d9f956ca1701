import { link, mkdir, readdir, readFile, rename, stat, symlink, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { outputError, type PublishedFile, publishFiles } from '../../src/publish/publish-files.ts';
import { someFolder } from '../execute/some-step.ts';

interface Place {
  readonly root: string;
  readonly staged: string;
  readonly backup: string;
}

async function somePlace(): Promise<Place> {
  const folder = await someFolder();
  const place = { root: join(folder, 'out'), staged: join(folder, 'staged'), backup: join(folder, 'backup') };
  for (const path of Object.values(place)) await mkdir(path);
  return place;
}

/** Stages files (names → texts) that are to get their names below the root. */
async function stage(
  { root, staged, backup }: Place,
  files: Record<string, string>,
): Promise<PublishedFile[]> {
  return Promise.all(
    Object.entries(files).map(async ([name, text], index) => {
      const stagedPath = join(staged, `${index}.staged`);
      await writeFile(stagedPath, text);
      return { stagedPath, path: join(root, name), backupFolder: backup };
    }),
  );
}

/** Every file and folder below, with what the files hold. */
async function treeOf(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const found = entries.map(async (entry) => {
    const path = join(entry.parentPath, entry.name);
    return [relative(folder, path), entry.isFile() ? await readFile(path, 'utf8') : '(folder)'] as const;
  });
  return Object.fromEntries((await Promise.all(found)).sort());
}

describe('publishing', () => {
  it('gives every staged file its name, over what lay there, in folders that it makes', async () => {
    const place = await somePlace();
    await writeFile(join(place.root, 'old.json'), 'old');
    await writeFile(join(place.root, 'other.json'), 'other');
    await publishFiles(await stage(place, { 'old.json': 'new', 'a/b/c.json': 'c', 'a/d.json': 'd' }));
    expect(await treeOf(place.root)).toEqual({
      a: '(folder)',
      'a/b': '(folder)',
      'a/b/c.json': 'c',
      'a/d.json': 'd',
      'old.json': 'new',
      'other.json': 'other',
    });
    expect(await treeOf(place.staged)).toEqual({});
  });

  it('of nothing does nothing', async () => {
    await publishFiles([]);
  });

  it('replaces a symbolic link, not the file that it leads to', async () => {
    const place = await somePlace();
    await writeFile(join(place.backup, '..', 'target'), 'target');
    await symlink(join(place.backup, '..', 'target'), join(place.root, 'a.json'));
    await publishFiles(await stage(place, { 'a.json': 'new' }));
    expect(await treeOf(place.root)).toEqual({ 'a.json': 'new' });
    expect(await readFile(join(place.backup, '..', 'target'), 'utf8')).toBe('target');
  });
});

describe('when a file cannot have its name, nothing is changed:', () => {
  const files = {
    'a.json': 'new a',
    'x/y/b.json': 'new b',
    'c.json': 'new c',
    'bad/d.json': 'new d',
    'e.json': 'new e',
  };

  /** Publishes where the fourth of five files has no place; gives the message. */
  async function failing(prepare: (place: Place) => Promise<unknown>, bad = 'bad/d.json'): Promise<string> {
    const place = await somePlace();
    await writeFile(join(place.root, 'a.json'), 'old a');
    await writeFile(join(place.root, 'e.json'), 'old e');
    await prepare(place);
    const before = await treeOf(place.root);
    const renamed = Object.fromEntries(
      Object.entries(files).map(([name, text]) => [name === 'bad/d.json' ? bad : name, text]),
    );
    const error = await publishFiles(await stage(place, renamed)).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'PitwallError', kind: 'output' });
    expect(await treeOf(place.root)).toEqual(before);
    return String(error).replaceAll(place.root, '~');
  }

  it('a file lies where its folder has to be', async () => {
    expect(await failing(({ root }) => writeFile(join(root, 'bad'), 'a file'))).toBe(
      'cannot write ~/bad/d.json: a part of the path is a file, not a folder; change the output path',
    );
  });

  it('a folder has its name', async () => {
    expect(await failing(({ root }) => mkdir(join(root, 'bad/d.json'), { recursive: true }))).toBe(
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
    expect(await failing(({ root }) => symlink('/nowhere/at/all', join(root, 'bad')))).toMatch(
      /^cannot write ~\/bad\/d\.json: /,
    );
  });

  it('the staged file is gone', async () => {
    const place = await somePlace();
    await writeFile(join(place.root, 'a.json'), 'old a');
    const [first, second] = await stage(place, { 'a.json': 'new a', 'b/c.json': 'b' });
    if (first === undefined || second === undefined) throw new Error('nothing was staged');
    await rename(second.stagedPath, `${second.stagedPath}.elsewhere`);
    await expect(publishFiles([first, second])).rejects.toMatchObject({ kind: 'output' });
    expect(await treeOf(place.root)).toEqual({ 'a.json': 'old a' });
  });

  it('and what lay there before is the same file', async () => {
    const place = await somePlace();
    const path = join(place.root, 'a.json');
    await writeFile(path, 'old a');
    await link(path, join(place.backup, 'witness'));
    const { ino } = await stat(path);
    await writeFile(join(place.root, 'bad'), 'a file');
    await expect(publishFiles(await stage(place, files))).rejects.toThrow('cannot write');
    expect((await stat(path)).ino).toBe(ino);
  });
});

describe('a system’s error is said for a person:', () => {
  const failure = (code: string) => Object.assign(new Error(`${code}: raw`), { code });
  it.each([
    ['EACCES', 'permission is denied; give this user the right to write there, or change the output path'],
    ['EROFS', 'the file system is read-only; change the output path'],
    ['ENOSPC', 'the disk is full; make room, or change the output path'],
    ['EDQUOT', 'the disk quota is used up; make room, or change the output path'],
    ['ENOTDIR', 'a part of the path is a file, not a folder; change the output path'],
    ['EXDEV', 'EXDEV: raw'],
  ])('%s', (code, reason) => {
    const cause = failure(code);
    expect(outputError('/out/a', cause)).toMatchObject({
      kind: 'output',
      message: `cannot write /out/a: ${reason}`,
      cause,
    });
  });

  it('what is said already stays', () => {
    const said = outputError('/out/a', failure('ENOSPC'));
    expect(outputError('/out/b', said)).toBe(said);
    expect(outputError('/out/b', 'text').message).toBe('cannot write /out/b: text');
  });
});
