import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import {
  chmod,
  link,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  rmdir,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { localStorage } from '../../src/storage/local.ts';
import { localError, outputError } from '../../src/storage/local-error.ts';
import { intoFolder, makeFolder } from '../../src/storage/make-folder.ts';
import { storageContract } from './contract.ts';

const folders: string[] = [];

/** A folder on another file system, where there is one. */
const OTHER_DISK = ['/dev/shm'].find(
  (folder) => existsSync(folder) && statSync(folder).dev !== statSync(tmpdir()).dev,
);
const storage = localStorage();

afterAll(async () => {
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
});

async function freshFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'pitwall-local-'));
  folders.push(folder);
  return folder;
}

const failure = (code: string) => Object.assign(new Error(`${code}: raw`), { code });

storageContract('a local disk', storage, freshFolder);

describe('the local storage', () => {
  it('names a missing file and says what to do', async () => {
    const path = join(await freshFolder(), 'none.csv');
    await expect(storage.read(path)).rejects.toThrow(
      `cannot read ${path}: there is no such file or folder; check the path`,
    );
  });

  it('refuses a folder where a file is expected', async () => {
    const folder = await freshFolder();
    const advice = 'add a file name or a glob such as /*.csv';
    await expect(storage.head(folder)).rejects.toThrow(`${folder} is a folder, expected a file; ${advice}`);
    await expect(storage.read(folder)).rejects.toThrow(
      `cannot read ${folder}: it is a folder, expected a file; ${advice}`,
    );
    await expect(storage.writeAtomic(folder, new Uint8Array())).rejects.toThrow(
      `cannot write ${folder}: a folder has this name; move it away or change the output's path`,
    );
  });

  it('refuses to write below a file', async () => {
    const folder = await freshFolder();
    await writeFile(join(folder, 'file'), '');
    const path = join(folder, 'file', 'out.json');
    await expect(storage.writeAtomic(path, new Uint8Array())).rejects.toThrow(
      `cannot write ${path}: a part of the path is a file, not a folder; change the output path`,
    );
  });

  it.runIf(process.getuid?.() !== 0)('says that a folder may not be written', async () => {
    const folder = await freshFolder();
    await chmod(folder, 0o500);
    const path = join(folder, 'out.json');
    await expect(storage.writeAtomic(path, new Uint8Array())).rejects.toThrow(
      `cannot write ${path}: permission is denied; give this user the right to write there, or change the output path`,
    );
  });

  it.each([
    ['EACCES', 'permission is denied; give this user the right to write there, or change the output path'],
    ['EROFS', 'the file system is read-only; change the output path'],
    ['ENOSPC', 'the disk is full; make room, or change the output path'],
    ['EDQUOT', 'the disk quota is used up; make room, or change the output path'],
    ['ENOTDIR', 'a part of the path is a file, not a folder; change the output path'],
    ['EISDIR', "a folder has this name; move it away or change the output's path"],
    ['EMFILE', 'too many files are open; raise the limit (ulimit -n)'],
    ['EIO', 'EIO: raw'],
  ])('says for a person why it cannot write: %s', (code, reason) => {
    const cause = failure(code);
    const message = `cannot write /out/a.json: ${reason}`;
    expect(localError(cause, 'write', '/out/a.json')).toMatchObject({ kind: 'output', message, cause });
  });

  it('says why it cannot read or delete, as the kind that decides the exit code', () => {
    expect(localError(failure('EIO'), 'read', '/in/a.csv')).toMatchObject({
      kind: 'data',
      message: 'cannot read /in/a.csv: the system says EIO',
    });
    expect(localError(failure('EACCES'), 'delete', '/out/a.json')).toMatchObject({
      kind: 'output',
      message:
        'cannot delete /out/a.json: permission denied; check the rights of the file and of its folders',
    });
  });

  it('leaves what is said already as it is', () => {
    const said = outputError('/out/a', failure('ENOSPC'));
    expect(outputError('/out/b', said)).toBe(said);
    expect(outputError('/out/b', 'text').message).toBe('cannot write /out/b: text');
  });

  it('leaves no temporary file when a write fails', async () => {
    const folder = await freshFolder();
    await mkdir(join(folder, 'taken'));
    await expect(storage.writeAtomic(join(folder, 'taken'), new Uint8Array())).rejects.toThrow(
      'cannot write',
    );
    expect(await readdir(folder)).toEqual(['taken']);
  });

  it('follows symbolic links to files and folders', async () => {
    const folder = await freshFolder();
    await mkdir(join(folder, 'real'));
    await writeFile(join(folder, 'real', 'a.csv'), 'x');
    await symlink(join(folder, 'real'), join(folder, 'linked'));
    const found: string[] = [];
    for await (const { url } of storage.list(join(folder, 'linked', '*.csv'))) found.push(url);
    expect(found).toEqual([join(folder, 'linked', 'a.csv')]);
  });
});

describe('a copy on a local disk', () => {
  async function twoFiles(texts: { from: string; to?: string }) {
    const folder = await freshFolder();
    const [from, to] = [join(folder, 'from'), join(folder, 'to')];
    await writeFile(from, texts.from);
    if (texts.to !== undefined) await writeFile(to, texts.to);
    return { folder, from, to, etag: (await storage.head(to))?.etag ?? '' };
  }

  it('is a second name of the same file, and so has its etag', async () => {
    const { from, to } = await twoFiles({ from: 'new' });
    await storage.copy(from, to, { kind: 'absent' });
    expect((await stat(to)).ino).toBe((await stat(from)).ino);
    expect((await storage.head(to))?.etag).toBe((await storage.head(from))?.etag);
  });

  it('uses up the link that a process left when it died', async () => {
    const { folder, from, to, etag } = await twoFiles({ from: 'new', to: 'old' });
    const name = createHash('sha256').update(`${from}\0${to}`).digest('hex').slice(0, 32);
    await link(from, join(folder, `.pitwall-${name}.tmp`));
    expect((await storage.copy(from, to, { kind: 'match', etag })).kind).toBe('written');
    expect(await readdir(folder)).toEqual(['from', 'to']);
    expect(await readFile(to, 'utf8')).toBe('new');
  });

  it('replaces a symbolic link, not the file that it leads to', async () => {
    const { folder, from, to } = await twoFiles({ from: 'new' });
    await writeFile(join(folder, 'target'), 'target');
    await symlink(join(folder, 'target'), to);
    const etag = (await storage.head(to))?.etag ?? '';
    expect((await storage.copy(from, to, { kind: 'match', etag })).kind).toBe('written');
    expect(await readFile(to, 'utf8')).toBe('new');
    expect(await readFile(join(folder, 'target'), 'utf8')).toBe('target');
  });

  it('keeps a symbolic link when it is put aside', async () => {
    const { folder, from } = await twoFiles({ from: 'new' });
    await symlink(from, join(folder, 'link'));
    await storage.copy(join(folder, 'link'), join(folder, 'aside'));
    expect((await lstat(join(folder, 'aside'))).isSymbolicLink()).toBe(true);
  });

  it('says that a folder has the name', async () => {
    const { from, to } = await twoFiles({ from: 'new' });
    await mkdir(to);
    const message = `cannot write ${to}: a folder has this name; move it away or change the output's path`;
    await expect(storage.copy(from, to)).rejects.toMatchObject({ kind: 'output', message });
    expect(await storage.copy(from, to, { kind: 'absent' })).toEqual({ kind: 'refused' });
  });

  it('says that the source is gone', async () => {
    const { from, to } = await twoFiles({ from: 'new' });
    await rm(from);
    const message = `cannot write ${to}: ${from}, which has its bytes, is gone`;
    await expect(storage.copy(from, to)).rejects.toMatchObject({ kind: 'output', message });
  });

  it.runIf(OTHER_DISK !== undefined)('goes by bytes to another disk, also under a condition', async () => {
    const { from } = await twoFiles({ from: 'new' });
    const folder = await mkdtemp(join(OTHER_DISK ?? '', 'pitwall-local-'));
    folders.push(folder);
    const to = join(folder, 'deep/to');
    const written = await storage.copy(from, to, { kind: 'absent' });
    expect(written).toEqual({ kind: 'written', etag: (await storage.head(to))?.etag });
    expect(await storage.copy(from, to, { kind: 'absent' })).toEqual({ kind: 'refused' });
    const etag = written.kind === 'written' ? written.etag : '';
    expect((await storage.copy(from, to, { kind: 'match', etag })).kind).toBe('written');
    expect(await storage.copy(from, to, { kind: 'match', etag })).toEqual({ kind: 'refused' });
    await storage.put(from, join(folder, 'put'));
    expect(await readFile(join(folder, 'put'), 'utf8')).toBe('new');
    expect((await readdir(folder, { recursive: true })).sort()).toEqual(['deep', 'deep/to', 'put']);
  });

  it('makes its folder again when another prunes it', async () => {
    const { folder, from } = await twoFiles({ from: 'new' });
    const to = join(folder, 'a/b/to');
    const copies = Array.from({ length: 50 }, async (_, n) => {
      await storage.copy(from, `${to}${n}`, { kind: 'absent' });
      await storage.delete(`${to}${n}`);
      await storage.pruneFolders(`${to}${n}`, folder);
    });
    await Promise.all(copies);
    expect(await readdir(folder)).toEqual(['from']);
  });
});

describe('taking away what a writer left that died', () => {
  it('takes only names that a write gives for as long as it lasts', async () => {
    const folder = await freshFolder();
    const unfinished = ['.pitwall-4f9cd6ab-80eb-46f1-8f3d-1b1f6e2486e2.tmp', 'deep/.pitwall-00ff.tmp'];
    const others = ['deep/.pitwall-notes.tmp', 'deep/1.json', 'pitwall-00ff.tmp'];
    await mkdir(join(folder, 'deep'));
    for (const name of [...unfinished, ...others]) await writeFile(join(folder, name), '');
    await storage.deleteUnfinished(folder);
    const names = await readdir(folder, { recursive: true });
    expect(names.sort()).toEqual(['deep', ...others].sort());
    await storage.deleteUnfinished(join(folder, 'nothing here'));
  });
});

describe('making a folder', () => {
  it.runIf(process.platform === 'linux')('ends where none can be made', async () => {
    await expect(makeFolder('/proc/nope/deep')).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('can be done by many at once', async () => {
    const folder = join(await freshFolder(), 'a/b/c/d');
    await Promise.all(Array.from({ length: 20 }, () => makeFolder(folder)));
    expect((await stat(folder)).isDirectory()).toBe(true);
  });
});

it('a file is put into a folder that another process takes away while it is empty', async () => {
  const folder = join(await freshFolder(), 'a/b');
  let races = 3;
  await intoFolder(folder, async () => {
    if (races-- > 0) await rmdir(folder);
    await writeFile(join(folder, 'file'), '');
  });
  expect(existsSync(join(folder, 'file'))).toBe(true);
});
