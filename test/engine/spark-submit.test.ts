import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseFromSpark } from '../../src/engine/spark-message.ts';
import { findSparkSubmit, SparkDriver, sparkSubmitArgs } from '../../src/engine/spark-submit.ts';
import { emptyFolder, writeFiles } from '../e2e/workspace.ts';

describe('spark-submit', () => {
  it('is that of SPARK_HOME, or else of the PATH', async () => {
    const folder = await emptyFolder();
    await writeFiles(folder, { 'home/bin/spark-submit': '', 'bin/spark-submit': '' });
    for (const path of ['home/bin', 'bin']) await chmod(join(folder, path, 'spark-submit'), 0o755);
    const PATH = join(folder, 'bin');
    expect(findSparkSubmit({ SPARK_HOME: join(folder, 'home'), PATH })).toBe(
      join(folder, 'home/bin/spark-submit'),
    );
    expect(findSparkSubmit({ SPARK_HOME: join(folder, 'none'), PATH })).toBe('spark-submit');
    expect(() => findSparkSubmit({ PATH: folder })).toThrow(
      '--engine spark needs spark-submit: set SPARK_HOME or the PATH to an installation of Spark, with Java 17 or later; for pip: put the bin folder of the virtual environment on the PATH',
    );
  });

  it('is given the master, the settings above our own, the archive and the socket', () => {
    const conf = { 'spark.ui.showConsoleProgress': 'true', 'spark.cores.max': '4' };
    const options = { master: 'spark://host:7077', conf, archive: '/tmp/pitwall.tar.gz' };
    const args = sparkSubmitArgs(options, 'pitwall job', '/tmp/socket');
    expect(args.slice(0, -3)).toEqual([
      ...['--master', 'spark://host:7077', '--deploy-mode', 'client', '--name', 'pitwall job'],
      ...['--conf', 'spark.ui.showConsoleProgress=true', '--conf', 'spark.cores.max=4'],
      ...['--archives', '/tmp/pitwall.tar.gz#pitwall'],
    ]);
    expect(args.slice(-2)).toEqual(['--socket', '/tmp/socket']);
  });
});

describe('the driver of Spark', () => {
  it('is told by the line that says why it ended', async () => {
    const script =
      'echo "26/11/26 INFO error handler set"; echo JAVA_HOME is not set >&2; echo "at org.x"; exit 3';
    const driver = new SparkDriver('sh', ['-c', script]);
    expect(await driver.ended).toBe('exit code 3: JAVA_HOME is not set');
  });

  it('is told without the colon that Python puts before an exception of Java', async () => {
    const script = 'echo "py4j: An error occurred"; echo ": java.lang.IllegalStateException: no"; exit 1';
    const driver = new SparkDriver('sh', ['-c', script]);
    expect(await driver.ended).toBe('exit code 1: java.lang.IllegalStateException: no');
    expect(driver.said).toBe('py4j: An error occurred\n: java.lang.IllegalStateException: no\n');
  });

  it('is ended with all that it started', async () => {
    const driver = new SparkDriver('sh', ['-c', 'sleep 1000 & wait']);
    driver.kill('SIGKILL');
    expect(await driver.ended).toBe('SIGKILL');
    driver.kill('SIGKILL');
  });

  it('says nothing but messages', () => {
    expect(parseFromSpark('{"kind":"alive","executors":2}')).toEqual({ kind: 'alive', executors: 2 });
    for (const line of ['x', '[]', '{"kind":"other"}'])
      expect(() => parseFromSpark(line)).toThrow(`expected a message of the driver of Spark, got ${line}`);
  });
});
