import { readdirSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type PitwallOptions, pitwall } from './pitwall.ts';
import { unprivileged } from './unprivileged.ts';
import { jobWorkspace, readPublished, readTree, writeFiles } from './workspace.ts';

/** What `pitwall run job` refuses in a workspace, and the whole of stderr; `<cwd>` stands for the workspace. */
interface Refusal {
  /** A folder of test/jobs; `shops` by default, which has no mistake. */
  readonly job?: string;
  readonly args?: readonly string[];
  /** Files that are written into the workspace; `data/orders.csv` is read in place of the job's own. */
  readonly files?: Readonly<Record<string, string>>;
  readonly exitCode: number;
  readonly stderr: string;
  /** Whether it fails after a task was committed. */
  readonly keepsRun?: boolean;
}

const HEADER = 'id,shop,day,amount\n';

function orders(...lines: string[]): Record<string, string> {
  return { 'data/orders.csv': `${HEADER}${lines.map((line) => `${line}\n`).join('')}` };
}

/**
 * Runs a job that has to fail: one line on stderr, nothing on stdout, and every byte on disk as it was. Where tasks were
 * committed before it failed their run stays, for `resume` and `show`; what is published is as it was.
 */
async function expectRefusal(
  cwd: string,
  { args = [], exitCode, stderr, keepsRun = false }: Omit<Refusal, 'job' | 'files'>,
  user: Pick<PitwallOptions, 'uid' | 'gid'> = {},
): Promise<void> {
  const read = keepsRun ? readPublished : readTree;
  const before = await read(cwd);
  const env = { TMPDIR: join(cwd, 'tmp') };
  const outcome = await pitwall(['run', 'job', '--quiet', ...args], { cwd, env, ...user });
  const shown = outcome.stderr.replaceAll(cwd, '<cwd>');
  expect({ ...outcome, stderr: shown }).toEqual({ code: exitCode, stdout: '', stderr: `${stderr}\n` });
  expect(await read(cwd)).toEqual(before);
  if (keepsRun) await expectFailedRun(cwd, stderr);
}

/** The failed run tells why, and holds nothing but its plan, its records and what they name. */
async function expectFailedRun(cwd: string, stderr: string): Promise<void> {
  const runs = join(cwd, 'results/_pitwall/job/runs');
  const [run = '', ...others] = await readdir(runs);
  expect(others).toEqual([]);
  const { pitwall } = JSON.parse(await readFile(join(runs, run, 'run_results.json'), 'utf8'));
  expect(pitwall.status).toBe('failed');
  expect(`pitwall: ${pitwall.message.replaceAll(cwd, '<cwd>')}`).toBe(stderr);
  const files = ['events.ndjson', 'plan.json', 'report.html', 'run_results.json'];
  const parts = ['attempts', 'inputs', 'records', 'tasks', ...files].sort();
  expect((await readdir(join(runs, run))).sort()).toEqual(parts);
}

function testRefusals(refusals: Readonly<Record<string, Refusal>>): void {
  test.each(Object.entries(refusals))('%s', async (_, { job = 'shops', files, args = [], ...expected }) => {
    const cwd = await jobWorkspace(job);
    await writeFiles(cwd, files ?? {});
    await expectRefusal(cwd, { ...expected, args: files === undefined ? args : ['--set', 'source=data'] });
  });
}

describe('a mistake on the command line ends in one line and exit code 2:', () => {
  testRefusals({
    'a parameter without a value': {
      job: 'required-param',
      exitCode: 2,
      stderr:
        'pitwall: job/job.yaml:5:3: param "since" has no value: it has no default, so give a date like 2024-07-07 with --set since=…',
    },
    'an unknown parameter': {
      args: ['--set', 'sorce=data'],
      exitCode: 2,
      stderr: 'pitwall: --set sorce: the job has no param "sorce"; did you mean "source"?',
    },
    'a parameter of the wrong type': {
      job: 'required-param',
      args: ['--set', 'since=2024-02-30'],
      exitCode: 2,
      stderr:
        'pitwall: --set since: param "since" is of type date: expected a date like 2024-07-07, got "2024-02-30"',
    },
    'a parameter without =': {
      args: ['--set', 'source'],
      exitCode: 2,
      stderr: 'pitwall: --set expects name=value, got "source"',
    },
    'a partition of a column that outputs are not divided by': {
      args: ['--only', 'region=north'],
      exitCode: 2,
      stderr: 'pitwall: --only names "region", which is no partition column of job job; it has shop',
    },
    'an unknown option': {
      args: ['--thread', '2'],
      exitCode: 2,
      stderr: "pitwall: unknown option '--thread' (Did you mean --threads?)",
    },
    'inputs over the limit': {
      args: ['--max-bytes', '10B'],
      exitCode: 2,
      stderr:
        'pitwall: the inputs have 88 B, more than --max-bytes 10 B; narrow the inputs or raise the limit',
    },
  });

  test('an unknown job', async () => {
    const cwd = await jobWorkspace('shops');
    const outcome = await pitwall(['run', 'race_stat'], { cwd });
    expect(outcome).toEqual({
      code: 2,
      stdout: '',
      stderr: `pitwall: there is no job "race_stat"; did you mean "race_stats"? jobs: ${packageJobs()}\n`,
    });
  });

  test('a folder without a job', async () => {
    const cwd = await jobWorkspace('shops');
    const outcome = await pitwall(['run', './jobs/shops'], { cwd });
    expect(outcome).toEqual({
      code: 2,
      stdout: '',
      stderr: 'pitwall: there is no job in "./jobs/shops": expected a folder with a job.yaml\n',
    });
  });
});

describe('SQL that is not one SELECT over the inputs ends in its place and exit code 2:', () => {
  testRefusals({
    'a syntax error': {
      job: 'broken-sql',
      exitCode: 2,
      stderr: 'pitwall: job/orders.sql:3:7: syntax error at or near "id"',
    },
    'a column that does not exist': {
      job: 'unknown-column',
      exitCode: 2,
      stderr:
        'pitwall: job/orders.sql:2:3: Referenced column "price" not found in FROM clause; Candidate bindings: "amount"',
    },
    'two statements': {
      job: 'two-statements',
      exitCode: 2,
      stderr: 'pitwall: job/orders.sql:3:1: a second statement starts here; expected one SELECT',
    },
    'a DELETE behind WITH': {
      job: 'delete-behind-with',
      exitCode: 2,
      stderr: 'pitwall: job/orders.sql:1:1: expected one SELECT, got DELETE',
    },
    'a file read by read_csv': {
      job: 'reads-passwd-as-csv',
      exitCode: 2,
      stderr:
        'pitwall: job/orders.sql:2:6: SQL reads the inputs and the steps before it alone, got the file "/etc/passwd"; declare it as an input',
    },
    'a file read by read_text': {
      job: 'reads-passwd-as-text',
      exitCode: 2,
      stderr:
        'pitwall: job/orders.sql:2:6: SQL reads the inputs and the steps before it alone, got the file "/etc/passwd"; declare it as an input',
    },
    'a file read by its name': {
      job: 'reads-other-file',
      exitCode: 2,
      stderr:
        'pitwall: job/orders.sql:2:7: SQL reads the inputs and the steps before it alone, got the file "data/orders.csv"; declare it as an input',
    },
  });

  test.each(['COPY', 'ATTACH', 'CREATE', 'INSTALL', 'SET', 'PRAGMA'])('%s', async (statement) => {
    const cwd = await jobWorkspace(`${statement.toLowerCase()}-statement`);
    await expectRefusal(cwd, {
      exitCode: 2,
      stderr: `pitwall: job/orders.sql:1:1: ${statement} is not allowed; expected one SELECT`,
    });
  });
});

describe('an output path that could not be kept apart or in its folder ends in exit code 2:', () => {
  testRefusals({
    'a template without a partition column': {
      job: 'template-lacks-column',
      exitCode: 2,
      stderr:
        'pitwall: job/job.yaml:12:17: the path lacks "{shop}": without it all partitions by shop would write the same file',
    },
    'a template with a column that rows are not divided by': {
      job: 'template-unknown-column',
      exitCode: 2,
      stderr: 'pitwall: job/job.yaml:12:32: "{day}" in the path is not in partition_by; expected shop or run',
    },
    'a template that climbs out of its root': {
      job: 'template-climbs',
      exitCode: 2,
      stderr:
        'pitwall: job/job.yaml:12:17: the path climbs out of its folder by ".."; put the folder itself into the param that leads the path',
    },
  });
});

describe('inputs that are not as declared end in file, line, column and value, and exit code 1:', () => {
  testRefusals({
    'a path that matches nothing': {
      args: ['--set', 'source=nowhere'],
      exitCode: 1,
      stderr:
        'pitwall: input "orders": no file matches <cwd>/nowhere/orders*.csv; the folder <cwd> exists: check the path and the --set values',
    },
    'a missing column': {
      files: { 'data/orders.csv': 'id,shop,amount\n1,Rome,1.50\n' },
      exitCode: 1,
      stderr:
        'pitwall: <cwd>/data/orders.csv:1: missing column "day": the first line is "id,shop,amount"; add it to the file or remove it from columns',
    },
    'a missing header': {
      files: { 'data/orders.csv': '1,Rome,2024-01-01,1.50\n' },
      exitCode: 1,
      stderr:
        'pitwall: <cwd>/data/orders.csv:1: missing columns "id", "shop", "day", "amount": the first line is "1,Rome,2024-01-01,1.50"; it looks like data: add a header or set header: false',
    },
    'another delimiter': {
      files: { 'data/orders.csv': 'id;shop;day;amount\n1;Rome;2024-01-01;1.50\n' },
      exitCode: 1,
      stderr:
        'pitwall: <cwd>/data/orders.csv:1: missing columns "id", "shop", "day", "amount": the first line is "id;shop;day;amount"; the delimiter looks like ";": set delimiter',
    },
    'an empty file': {
      files: { 'data/orders.csv': '' },
      exitCode: 1,
      stderr:
        'pitwall: <cwd>/data/orders.csv: empty file in input "orders": expected data, got 0 bytes; remove the file or set allow_empty: true',
    },
    'text in a number column': {
      files: orders('1,Rome,2024-01-01,1.50', '2,Rome,2024-01-01,many'),
      exitCode: 1,
      stderr:
        'pitwall: <cwd>/data/orders.csv:3: column "amount": expected DECIMAL(18,2), got "many"; correct it, declare another type, or list it in nulls',
    },
    'a date that does not exist': {
      files: orders('1,Rome,2024-01-01,1.50', '2,Rome,2024-02-30,1.50'),
      exitCode: 1,
      stderr:
        'pitwall: <cwd>/data/orders.csv:3: column "day": expected DATE like %Y-%m-%d, got "2024-02-30"; correct it, declare another type, or list it in nulls',
    },
    'a fraction in a BIGINT column': {
      files: orders('1,Rome,2024-01-01,1.50', '1.6,Rome,2024-01-01,1.50'),
      exitCode: 1,
      stderr:
        'pitwall: <cwd>/data/orders.csv:3: column "id": expected BIGINT, got "1.6"; correct it, declare another type, or list it in nulls',
    },
    'a whole number beyond BIGINT': {
      files: orders('1,Rome,2024-01-01,1.50', '9223372036854775808,Rome,2024-01-01,1.50'),
      exitCode: 1,
      stderr:
        'pitwall: <cwd>/data/orders.csv:3: column "id": expected BIGINT, got "9223372036854775808"; correct it, declare another type, or list it in nulls',
    },
    'a line that is too short': {
      files: orders('1,Rome,2024-01-01,1.50', '2,Rome,2024-01-01'),
      exitCode: 1,
      stderr:
        'pitwall: <cwd>/data/orders.csv:3: expected 4 columns as in the header, got 3; correct the line or check delimiter and quote',
    },
  });

  test('a folder in the place of a file', async () => {
    const cwd = await jobWorkspace('shops');
    await mkdir(join(cwd, 'data/orders.csv'), { recursive: true });
    await expectRefusal(cwd, {
      args: ['--set', 'source=data'],
      exitCode: 1,
      stderr:
        'pitwall: input "orders": no file matches <cwd>/data/orders*.csv; the folder <cwd>/data exists: check the path and the --set values',
    });
  });

  test('a symbolic link that leads nowhere', async () => {
    const cwd = await jobWorkspace('shops');
    await mkdir(join(cwd, 'data'));
    await symlink('nowhere', join(cwd, 'data/orders.csv'));
    await expectRefusal(cwd, {
      args: ['--set', 'source=data'],
      exitCode: 1,
      stderr:
        'pitwall: input "orders": no file matches <cwd>/data/orders*.csv; the folder <cwd>/data exists: check the path and the --set values',
    });
  });

  test('a symbolic link that leads to itself', async () => {
    const cwd = await jobWorkspace('shops');
    await mkdir(join(cwd, 'data'));
    await symlink('orders.csv', join(cwd, 'data/orders.csv'));
    await expectRefusal(cwd, {
      args: ['--set', 'source=data'],
      exitCode: 1,
      stderr: 'pitwall: cannot list <cwd>/data/orders.csv: too many symbolic links; check the path',
    });
  });

  test.skipIf(unprivileged === undefined)('a file without the right to read it', async () => {
    const cwd = await jobWorkspace('shops');
    await chmod(cwd, 0o777);
    await chmod(join(cwd, 'job/data/orders.csv'), 0o000);
    const refusal = {
      exitCode: 1,
      stderr:
        'pitwall: cannot read <cwd>/job/data/orders.csv: permission denied; check the rights of the file and of its folders',
    };
    await expectRefusal(cwd, refusal, unprivileged);
  });
});

describe('a place that cannot be written ends in exit code 1:', () => {
  testRefusals({
    'an output folder whose name a file has': {
      args: ['--set', 'out=tmp/other'],
      exitCode: 1,
      stderr:
        'pitwall: cannot write <cwd>/tmp/other: a part of the path is a file, not a folder; change the output path',
    },
    'an output folder below a file': {
      args: ['--set', 'out=tmp/other/deep/results'],
      exitCode: 1,
      stderr:
        'pitwall: cannot write <cwd>/tmp/other/deep/results: a part of the path is a file, not a folder; change the output path',
    },
    'an output folder where none can be made': {
      args: ['--set', 'out=/proc/nope/results'],
      exitCode: 1,
      stderr: 'pitwall: cannot write /proc/nope/results: nothing can be made there; change the output path',
    },
    'an output folder whose name is too long': {
      args: ['--set', `out=${'x'.repeat(256)}`],
      exitCode: 1,
      stderr: `pitwall: cannot write <cwd>/${'x'.repeat(256)}: the name is too long for the file system; shorten it`,
    },
  });

  test.skipIf(unprivileged === undefined)('an output folder without the right to write there', async () => {
    const cwd = await jobWorkspace('shops');
    await chmod(cwd, 0o755);
    await chmod(join(cwd, 'results'), 0o555);
    const refusal = {
      exitCode: 1,
      stderr:
        'pitwall: cannot write <cwd>/results: permission is denied; give this user the right to write there, or change the output path',
    };
    await expectRefusal(cwd, refusal, unprivileged);
  });

  test('a folder in the place of an output', async () => {
    const cwd = await jobWorkspace('shops');
    await mkdir(join(cwd, 'results/Oslo.json'));
    await expectRefusal(cwd, {
      keepsRun: true,
      exitCode: 1,
      stderr:
        "pitwall: cannot write <cwd>/results/Oslo.json: a folder has this name; move it away or change the output's path",
    });
  });

  test('a folder in the place of the last output takes the others back', async () => {
    const cwd = await jobWorkspace('shops');
    await mkdir(join(cwd, 'results/Zug.json'));
    await writeFiles(cwd, orders('1,Oslo,2024-01-01,1', '2,Rome,2024-01-01,1', '3,Zug,2024-01-01,1'));
    await expectRefusal(cwd, {
      args: ['--set', 'source=data'],
      keepsRun: true,
      exitCode: 1,
      stderr:
        "pitwall: cannot write <cwd>/results/Zug.json: a folder has this name; move it away or change the output's path",
    });
  });
});

describe('a partition value that is no file name ends in exit code 1:', () => {
  testRefusals({
    'a value that climbs': {
      files: orders('1,Rome,2024-01-01,1.50', '2,../../x,2024-01-01,1.50'),
      exitCode: 1,
      stderr:
        'pitwall: partition value "../../x" of column "shop" climbs out of its folder, so it has no place in ${out}/{shop}.json; filter such rows out in the SQL, or set unsafe_values: encode in the output',
    },
    NULL: {
      files: orders('1,Rome,2024-01-01,1.50', '2,,2024-01-01,1.50'),
      exitCode: 1,
      stderr:
        'pitwall: partition column "shop" is NULL in a row, so it has no place in ${out}/{shop}.json; filter such rows out in the SQL, or set null_as: in the output',
    },
    '300 characters': {
      files: orders('1,Rome,2024-01-01,1.50', `2,${'x'.repeat(300)},2024-01-01,1.50`),
      exitCode: 1,
      stderr: `pitwall: partition value gives a file name of 305 bytes (${'x'.repeat(40)}…) in \${out}/{shop}.json, expected at most 255; shorten the value in the SQL`,
    },
    'two values that differ only in case': {
      files: orders('1,Rome,2024-01-01,1.50', '2,rome,2024-01-01,1.50'),
      exitCode: 1,
      stderr:
        'pitwall: two partitions of ${out}/{shop}.json differ only in case: Rome.json and rome.json; make the values one in the SQL (lower(…), for example)',
    },
  });

  test('an empty value', async () => {
    await expectRefusal(await jobWorkspace('empty-partition-value'), {
      exitCode: 1,
      stderr:
        'pitwall: partition column "shop" is empty in a row, so it has no place in ${out}/{shop}.json; filter such rows out in the SQL, or set empty_as: in the output',
    });
  });
});

describe('a check that fails publishes nothing:', () => {
  testRefusals({
    'a rule': {
      job: 'failing-check',
      keepsRun: true,
      exitCode: 1,
      stderr:
        'pitwall: check failed: orders: range(amount): 1 row breaks it, such as {"id":3,"shop":"Rome","day":"2024-01-03","amount":0.25}; nothing was published',
    },
    'SQL whose rows are violations': {
      job: 'failing-sql-check',
      keepsRun: true,
      exitCode: 1,
      stderr:
        'pitwall: check failed: no order of Oslo: 1 row breaks it, such as {"id":2,"shop":"Oslo"}; nothing was published',
    },
  });
});

/** The jobs of the checkout: its user may have made some beside race_stats. */
function packageJobs(): string {
  return readdirSync(new URL('../../sql', import.meta.url))
    .sort()
    .join(', ');
}
