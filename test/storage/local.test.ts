import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { localStorage } from '../../src/storage/local.ts';
import { localError } from '../../src/storage/local-error.ts';
import { storageContract } from './contract.ts';

const folders: string[] = [];
const storage = localStorage();

afterAll(async () => {
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
});

async function freshFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'pitwall-local-'));
  folders.push(folder);
  return folder;
}

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
      `cannot write ${folder}: it is a folder, expected a file; ${advice}`,
    );
  });

  it('refuses to write below a file', async () => {
    const folder = await freshFolder();
    await writeFile(join(folder, 'file'), '');
    const path = join(folder, 'file', 'out.json');
    await expect(storage.writeAtomic(path, new Uint8Array())).rejects.toThrow(`cannot write ${path}: `);
  });

  it.runIf(process.getuid?.() !== 0)('says that a folder may not be written', async () => {
    const folder = await freshFolder();
    await chmod(folder, 0o500);
    const path = join(folder, 'out.json');
    await expect(storage.writeAtomic(path, new Uint8Array())).rejects.toThrow(
      `cannot write ${path}: permission denied; check the rights of the file and of its folders`,
    );
  });

  it('says what the system refuses, as the kind that decides the exit code', () => {
    const denied = Object.assign(new Error('EACCES'), { code: 'EACCES' });
    expect(localError(denied, 'write', '/out/a.json')).toMatchObject({
      kind: 'output',
      message: 'cannot write /out/a.json: permission denied; check the rights of the file and of its folders',
    });
    const odd = Object.assign(new Error('EIO'), { code: 'EIO' });
    expect(localError(odd, 'read', '/in/a.csv')).toMatchObject({
      kind: 'data',
      message: 'cannot read /in/a.csv: the system says EIO',
    });
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
