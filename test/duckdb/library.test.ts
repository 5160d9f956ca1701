import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const CLI = fileURLToPath(new URL('../../dist/cli.cjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'pitwall-library-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** What a query of another process, over the library at `path`, says and returns. */
function query(path: string): { code: number | null; stderr: string; stdout: string } {
  const { status, stderr, stdout } = spawnSync(process.execPath, [CLI, 'query', 'SELECT 42 AS a', '--json'], {
    env: { ...process.env, PITWALL_LIBDUCKDB: path },
    encoding: 'utf8',
  });
  return { code: status, stderr, stdout };
}

/** A shared library that is no DuckDB: the one with the C library's mathematics or the like, which node itself has open. */
function otherLibrary(): string {
  const maps = execFileSync('cat', ['/proc/self/maps'], { encoding: 'utf8' });
  const path = /\/\S*libc[.-]\S*so\S*|\/\S*ld-musl\S*/.exec(maps)?.[0];
  if (path === undefined) throw new Error('this machine has no C library');
  return path;
}

describe('PITWALL_LIBDUCKDB', () => {
  it('that is empty means the packaged library', () => {
    expect(query('')).toEqual({ code: 0, stderr: '', stdout: '[\n{"a":42}\n]\n' });
  });

  it('that names nothing is one clear line', () => {
    expect(query('/nowhere/libduckdb.so')).toEqual({
      code: 2,
      stdout: '',
      stderr:
        'pitwall: libduckdb not found: PITWALL_LIBDUCKDB names /nowhere/libduckdb.so, which does not exist; unset it to use the packaged one\n',
    });
  });

  it('that names a file of text is one clear line', () => {
    const path = join(folder, 'text.so');
    writeFileSync(path, 'not a library');
    const { code, stderr } = query(path);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^pitwall: libduckdb cannot be loaded from \S+text\.so: .*\n$/);
  });

  it.runIf(process.platform === 'linux')('that names another library is one clear line', () => {
    const path = otherLibrary();
    expect(query(path)).toEqual({
      code: 2,
      stdout: '',
      stderr: `pitwall: libduckdb mismatch: ${path} is no libduckdb, expected v1.5.x; unset PITWALL_LIBDUCKDB to use the packaged one\n`,
    });
  });
});
