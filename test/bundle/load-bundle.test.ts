import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { expect, onTestFinished, test } from 'vitest';
import { projectPath } from '../project-path.ts';

const CODE = `bundle/code-${process.version}-${process.platform}-${process.arch}`;

test('the build keeps code of what a run and its workers load, which V8 takes', () => {
  const kept = readdirSync(projectPath('dist', CODE));
  const names = kept.map((file) => file.replace(/-[\w-]{8}\.cjs$/, ''));
  expect(names).toEqual(expect.arrayContaining(['cli', 'load-job', 'run', 'local-worker', 'task-worker']));
  expect(kept.filter((file) => !isTaken(file))).toEqual([]);
});

test.each([
  ['is missing', (folder: string) => rmSync(folder, { recursive: true })],
  ['is damaged', damage],
])('code that %s is compiled anew', (_, spoil) => {
  const copy = copyOfPackage();
  spoil(join(copy, 'dist', CODE));
  expect(version(copy)).toBe(version(projectPath()));
});

function isTaken(file: string): boolean {
  const source = readFileSync(projectPath('dist/bundle', file), 'utf8').replace(/^#!.*/, '');
  const wrapped = `(function (exports, require, module, __filename, __dirname) {${source}\n})`;
  const cachedData = readFileSync(projectPath('dist', CODE, file));
  return new Script(wrapped, { cachedData }).cachedDataRejected === false;
}

function damage(folder: string): void {
  for (const file of readdirSync(folder)) {
    const code = readFileSync(join(folder, file));
    writeFileSync(join(folder, file), code.subarray(0, code.length / 2));
  }
}

function copyOfPackage(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pitwall-bundle-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const name of ['dist', 'package.json'])
    cpSync(projectPath(name), join(folder, name), { recursive: true });
  symlinkSync(projectPath('node_modules'), join(folder, 'node_modules'));
  return folder;
}

function version(folder: string): string {
  return execFileSync(process.execPath, [join(folder, 'dist/cli.js'), '--version'], { encoding: 'utf8' });
}
