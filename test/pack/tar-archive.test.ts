import { execFileSync } from 'node:child_process';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type TarFile, tarArchive } from '../../src/pack/tar-archive.ts';
import { emptyFolder } from '../e2e/workspace.ts';

async function bytesOf(files: readonly TarFile[]): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of tarArchive(files)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test('tar unpacks what was packed: bytes, long names, programs', async () => {
  const folder = await emptyFolder();
  const long = `${'folder/'.repeat(40)}né.txt`;
  const text = 'x'.repeat(99_999);
  await writeFile(join(folder, 'source'), text);
  const files: TarFile[] = [
    { path: 'bin/run', isExecutable: true, content: Buffer.from('#!/bin/sh\n') },
    { path: long, isExecutable: false, content: { file: join(folder, 'source') } },
    { path: 'empty', isExecutable: false, content: Buffer.alloc(0) },
    { path: 'whole', isExecutable: false, content: Buffer.alloc(512, 1) },
  ];
  await mkdir(join(folder, 'out'));
  execFileSync('tar', ['-xf', '-', '-C', join(folder, 'out')], { input: await bytesOf(files) });
  expect(await readFile(join(folder, 'out', long), 'utf8')).toBe(text);
  expect(await readFile(join(folder, 'out/empty'), 'utf8')).toBe('');
  expect(await readFile(join(folder, 'out/whole'))).toEqual(Buffer.alloc(512, 1));
  expect((await stat(join(folder, 'out/bin/run'))).mode & 0o777).toBe(0o755);
  expect((await stat(join(folder, 'out/whole'))).mode & 0o777).toBe(0o644);
});

test('the same files give the same bytes, whatever their order', async () => {
  const files: TarFile[] = ['b', 'a', 'a/c'].map((path) => {
    return { path, isExecutable: false, content: Buffer.from(path) };
  });
  expect(await bytesOf(files.toReversed())).toEqual(await bytesOf(files));
});
