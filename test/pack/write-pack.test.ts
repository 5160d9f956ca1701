import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, symlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { writePack } from '../../src/pack/write-pack.ts';
import { emptyFolder, readTree, writeFiles } from '../e2e/workspace.ts';

const PACKAGE = {
  'package.json': '{"name":"pitwall","dependencies":{"a":"1"},"devDependencies":{"dev":"1"}}',
  'dist/cli.cjs': 'cli',
  'dist/index.js.map': 'map',
  'src/cli.ts': 'source',
  'results/old.json': '[]',
  'engines/spark/pitwall_spark.py': 'driver',
  'engines/spark/pitwall_glue.py': 'job of Glue',
  'sql/race_stats/job.yaml': 'own job',
};
const DEPENDENCIES = {
  'a/package.json': '{"name":"a","dependencies":{"b":"1"},"optionalDependencies":{"other-platform":"1"}}',
  'a/index.js': 'a',
  'a/index.d.ts': 'types',
  'a/LICENSE.md': 'licence',
  'b/package.json': '{"name":"b"}',
  'b/lib/b.js': 'b',
  'dev/package.json': '{"name":"dev"}',
};
const JOB = { 'job.yaml': 'job', 'sample/data.csv': '1\n' };

function below(folder: string, files: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([path, text]) => [`${folder}/${path}`, text]));
}

/** Packs the package of a folder, and gives the archive and what it unpacks to. */
async function pack(cwd: string, packageFolder: string) {
  const output = join(cwd, 'pitwall.tar.gz');
  const node = join(cwd, 'node');
  await writePack({ packageFolder: join(cwd, packageFolder), node, jobs: [join(cwd, 'totals')], output });
  const unpacked = await emptyFolder();
  execFileSync('tar', ['-xzf', output, '-C', unpacked]);
  const files = Object.entries(await readTree(unpacked)).filter(([path]) => !path.endsWith('/'));
  return { bytes: await readFile(output), files: Object.fromEntries(files) };
}

async function workspace(packageFolder: string, modules: string): Promise<string> {
  const cwd = await emptyFolder();
  await writeFiles(cwd, {
    node: 'the program of Node',
    ...below(packageFolder, PACKAGE),
    ...below(modules, DEPENDENCIES),
    ...below('totals', JOB),
  });
  return cwd;
}

test('an archive has Node, what runs, what it needs, the driver of Spark and the jobs, and nothing else', async () => {
  const cwd = await workspace('pitwall', 'pitwall/node_modules');
  const { files } = await pack(cwd, 'pitwall');
  const { 'bin/pitwall': launcher, ...others } = files;
  expect(launcher).toContain('exec "$here/bin/node" "$here/lib/dist/cli.cjs" "$@"');
  expect(others).toEqual({
    'bin/node': 'the program of Node',
    'pitwall_glue.py': 'job of Glue',
    'pitwall_spark.py': 'driver',
    'lib/package.json': PACKAGE['package.json'],
    'lib/dist/cli.cjs': 'cli',
    'lib/engines/spark/pitwall_glue.py': 'job of Glue',
    'lib/engines/spark/pitwall_spark.py': 'driver',
    'lib/sql/race_stats/job.yaml': 'own job',
    'lib/sql/totals/job.yaml': 'job',
    'lib/sql/totals/sample/data.csv': '1\n',
    'lib/node_modules/a/package.json': DEPENDENCIES['a/package.json'],
    'lib/node_modules/a/index.js': 'a',
    'lib/node_modules/a/LICENSE.md': 'licence',
    'lib/node_modules/b/package.json': DEPENDENCIES['b/package.json'],
    'lib/node_modules/b/lib/b.js': 'b',
  });
});

test('packages that lie beside Pitwall lie beside it in the archive', async () => {
  const cwd = await workspace('app/node_modules/pitwall', 'app/node_modules');
  const { files } = await pack(cwd, 'app/node_modules/pitwall');
  expect(files['bin/pitwall']).toContain('"$here/lib/node_modules/pitwall/dist/cli.cjs"');
  expect(files['lib/node_modules/b/lib/b.js']).toBe('b');
  expect(files['lib/node_modules/pitwall/sql/totals/job.yaml']).toBe('job');
});

test('the same files give the same bytes, whenever they were written', async () => {
  const first = await workspace('pitwall', 'pitwall/node_modules');
  const second = await workspace('pitwall', 'pitwall/node_modules');
  await utimes(join(second, 'pitwall/dist/cli.cjs'), 1, 1);
  expect((await pack(second, 'pitwall')).bytes).toEqual((await pack(first, 'pitwall')).bytes);
});

test('a package that is not installed is an error that says what to do, and leaves no archive', async () => {
  const cwd = await workspace('pitwall', 'pitwall/elsewhere');
  await expect(pack(cwd, 'pitwall')).rejects.toThrow(
    `${join(cwd, 'pitwall')}: its dependency a is not installed; run npm ci there`,
  );
  expect((await readdir(cwd)).filter((name) => name.startsWith('pitwall.'))).toEqual([]);
});

test('packages that share no folder with Pitwall come along', async () => {
  const cwd = await workspace('pitwall', 'unused');
  const elsewhere = await mkdtemp('/var/tmp/pitwall-packages-');
  onTestFinished(() => rm(elsewhere, { recursive: true }));
  await writeFiles(elsewhere, below('node_modules', DEPENDENCIES));
  await symlink(join(elsewhere, 'node_modules'), join(cwd, 'pitwall/node_modules'));
  const { files } = await pack(cwd, 'pitwall');
  expect(files[`lib${elsewhere}/node_modules/a/index.js`]).toBe('a');
  expect(files[`lib${join(cwd, 'pitwall')}/dist/cli.cjs`]).toBe('cli');
});
