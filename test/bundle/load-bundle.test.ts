import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { projectPath } from '../project-path.ts';

const CODE = `bundle/code-${process.version}-${process.platform}-${process.arch}`;

/** A copy of the package with the code that the Node of these tests keeps, which may be another than the build's. */
let built: string;
beforeAll(() => {
  built = copyOfPackage(projectPath());
  rmSync(join(built, 'dist', CODE), { recursive: true, force: true });
  execFileSync(process.execPath, ['keep-code.mjs'], { cwd: built });
});
afterAll(() => rmSync(built, { recursive: true }));

test('the build keeps code of what a run and its workers load, which V8 takes', () => {
  const kept = readdirSync(join(built, 'dist', CODE));
  const names = kept.map((file) => file.replace(/-[\w-]{8}\.cjs$/, ''));
  expect(names).toEqual(expect.arrayContaining(['cli', 'load-job', 'run', 'local-worker', 'task-worker']));
  expect(kept.filter((file) => !isTaken(file))).toEqual([]);
});

test.each([
  ['is missing', (folder: string) => rmSync(folder, { recursive: true })],
  ['is damaged', damage],
])('code that %s is compiled anew', (_, spoil) => {
  const copy = copyOfPackage(built);
  onTestFinished(() => rmSync(copy, { recursive: true }));
  spoil(join(copy, 'dist', CODE));
  expect(version(copy)).toBe(version(projectPath()));
});

function isTaken(file: string): boolean {
  const source = readFileSync(join(built, 'dist/bundle', file), 'utf8').replace(/^#!.*/, '');
  const wrapped = `(function (exports, require, module, __filename, __dirname) {${source}\n})`;
  const cachedData = readFileSync(join(built, 'dist', CODE, file));
  return new Script(wrapped, { cachedData }).cachedDataRejected === false;
}

function damage(folder: string): void {
  for (const file of readdirSync(folder)) {
    const code = readFileSync(join(folder, file));
    writeFileSync(join(folder, file), code.subarray(0, code.length / 2));
  }
}

function copyOfPackage(from: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'pitwall-bundle-'));
  for (const name of ['dist', 'sql', 'package.json', 'keep-code.mjs'])
    cpSync(join(from, name), join(folder, name), { recursive: true });
  symlinkSync(projectPath('node_modules'), join(folder, 'node_modules'));
  return folder;
}

function version(folder: string): string {
  return execFileSync(process.execPath, [join(folder, 'dist/cli.cjs'), '--version'], { encoding: 'utf8' });
}
