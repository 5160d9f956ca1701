import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { quoteLiteral } from '../../src/duckdb/sql.ts';
import { lockSession, openTaskSession, prepareStreaming } from '../../src/execute/task-session.ts';
import { someFolder } from './some-step.ts';

async function open() {
  const folder = await someFolder();
  const session = await openTaskSession({ threads: 2, memoryBytes: 300e6 }, folder);
  onTestFinished(() => session.close());
  return { folder, session };
}

describe('a task’s session', () => {
  it('has its limits, spills below its scratch folder, counts in UTC and tells its progress', async () => {
    const { folder, session } = await open();
    const setting = (name: string) => `current_setting('${name}') AS ${name}`;
    const names = [
      'threads',
      'temp_directory',
      'TimeZone',
      'preserve_insertion_order',
      'enable_progress_bar',
      'autoinstall_known_extensions',
      'autoload_known_extensions',
    ];
    expect(await session.rows(`SELECT ${names.map(setting).join(', ')}`)).toEqual([
      {
        threads: 2n,
        temp_directory: join(folder, 'spill'),
        TimeZone: 'UTC',
        preserve_insertion_order: false,
        enable_progress_bar: true,
        autoinstall_known_extensions: false,
        autoload_known_extensions: false,
      },
    ]);
    expect(await session.rows("SELECT current_setting('memory_limit') AS m")).toEqual([{ m: '286.1 MiB' }]);
    const other = await session.connect();
    await prepareStreaming(other);
    expect(await other.rows("SELECT current_setting('TimeZone') AS z")).toEqual([{ z: 'UTC' }]);
    await other.close();
  });

  it('that is locked reads the files and folders that it was given, and writes to the folders', async () => {
    const { folder, session } = await open();
    const [file, staged] = [join(folder, "it's a.csv"), join(folder, 'staged')];
    await mkdir(staged);
    await writeFile(file, 'a\n1\n');
    await writeFile(join(staged, 'b.csv'), 'a\n2\n');
    await lockSession(session, [file], [staged]);
    const read = (path: string) => session.rows(`SELECT a FROM read_csv(${quoteLiteral(path)})`);
    expect([await read(file), await read(join(staged, 'b.csv'))]).toEqual([[{ a: 1n }], [{ a: 2n }]]);
    await session.run(`COPY (SELECT 3 AS a) TO ${quoteLiteral(join(staged, 'c.csv'))}`);
    expect(await read(join(staged, 'c.csv'))).toEqual([{ a: 3n }]);
  });

  it.each([
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM read_text('FOLDER/staged/../../../etc/passwd')",
    "SELECT * FROM read_csv('http://169.254.169.254/latest')",
    "COPY (SELECT 1) TO 'FOLDER/other.csv'",
    "ATTACH 'FOLDER/other.db'",
    'INSTALL httpfs',
    'LOAD httpfs',
    'SET threads = 1',
    'SET GLOBAL enable_external_access = true',
    "SET GLOBAL allowed_directories = ['/']",
    'RESET lock_configuration',
  ])('that is locked refuses %s', async (sql) => {
    const { folder, session } = await open();
    await mkdir(join(folder, 'staged'));
    await lockSession(session, [], [join(folder, 'staged')]);
    const refused =
      /^(Cannot (access|change|attach|open)|Permission|.*(disabled|locked|extension|does not exist))/i;
    const message = expect.stringMatching(refused);
    await expect(session.run(sql.replaceAll('FOLDER', folder))).rejects.toMatchObject({
      name: 'PitwallError',
      message,
    });
    const other = await session.connect();
    await expect(other.run(sql.replaceAll('FOLDER', folder))).rejects.toMatchObject({ message });
    await other.close();
  });
});
