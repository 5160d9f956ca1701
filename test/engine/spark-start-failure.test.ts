import { describe, expect, test } from 'vitest';
import { sparkStartFailure } from '../../src/engine/spark-start-failure.ts';

const WHY = 'its driver ended with exit code 1';
const INSTALL_SPARK =
  'set SPARK_HOME to an installation of Spark; for pip: unset it, and put the bin folder of the virtual environment on the PATH';
const INSTALL_JAVA = 'set JAVA_HOME to an installation of Java 17 or later';
const NAME_MASTER = '--spark-master takes spark://host:7077, yarn, k8s://… or local[*]';

describe('a Spark that did not start', () => {
  test.each([
    [
      '/venv/bin/spark-submit: line 27: /none/bin/spark-class: No such file or directory',
      `/none/bin/spark-class cannot be run; ${INSTALL_SPARK}`,
    ],
    [
      '/venv/bin/spark-submit: line 27: exec: /opt/bin/spark-class: cannot execute: Permission denied',
      `/opt/bin/spark-class cannot be run; ${INSTALL_SPARK}`,
    ],
    [
      'Failed to find Spark jars directory (/venv/jars).\nYou need to build Spark with the target "package" before running this program.',
      `SPARK_HOME has no jars of Spark; ${INSTALL_SPARK}`,
    ],
    ['JAVA_HOME is not set', `there is no Java; ${INSTALL_JAVA}, or put it on the PATH`],
    [
      '/opt/bin/spark-class: line 71: /none/bin/java: No such file or directory\n/opt/bin/spark-class: line 97: CMD: bad array subscript',
      `/none/bin/java cannot be run; ${INSTALL_JAVA}`,
    ],
    [
      'java.lang.UnsupportedClassVersionError: org/apache/spark/launcher/Main has been compiled by a more recent version',
      `Java is too old for it; ${INSTALL_JAVA}`,
    ],
    [
      'Exception in thread "main" org.apache.spark.SparkException: Master must either be yarn or start with spark, k8s, or local',
      `it knows no master of this name; ${NAME_MASTER}`,
    ],
    [
      ": org.apache.spark.SparkException: Could not parse Master URL: 'local[x]'",
      `it knows no master local[x]; ${NAME_MASTER}`,
    ],
    [
      'gzip: /tmp/spark-1/no.tar.gz: not in gzip format\ntar: This does not look like a tar archive',
      'an archive cannot be unpacked; pitwall pack makes one',
    ],
  ])('for what it says each time is not to be tried again: %s', (said, message) => {
    expect(sparkStartFailure(WHY, said, {})).toMatchObject({
      kind: 'usage',
      message: `Spark did not start: ${message}`,
    });
  });

  test('is not tried again where its program cannot be called', () => {
    expect(sparkStartFailure('its driver ended with spawn spark-submit EACCES', '', {})).toMatchObject({
      kind: 'usage',
      message: `Spark did not start: spark-submit cannot be run; ${INSTALL_SPARK}`,
    });
  });

  test('is told with the master and the archive that it was given', () => {
    const unknown = 'Master must either be yarn or start with spark, k8s, or local';
    expect(sparkStartFailure(WHY, unknown, { master: 'foo://x' }).message).toBe(
      `Spark did not start: it knows no master foo://x; ${NAME_MASTER}`,
    );
    expect(sparkStartFailure(WHY, unknown, { conf: { 'spark.master': 'foo' } }).message).toBe(
      `Spark did not start: it knows no master foo; ${NAME_MASTER}`,
    );
    expect(sparkStartFailure(WHY, 'tar: Unexpected EOF in archive', { archive: '/a.tar' }).message).toBe(
      'Spark did not start: --spark-archive /a.tar cannot be unpacked; pitwall pack makes one',
    );
  });

  test.each([
    ['WARN StandaloneAppClient: Failed to connect to master 127.0.0.1:7999\n: x', undefined],
    [
      'ERROR Application has been killed. Reason: All masters are unresponsive! Giving up.',
      'spark://127.0.0.1:7999',
    ],
  ])('may be tried again where its master does not answer: %s', (said, master) => {
    expect(sparkStartFailure(WHY, said, { master })).toMatchObject({
      kind: 'temporary',
      message:
        'Spark did not start: the master at spark://127.0.0.1:7999 does not answer; see whether it runs, and whether --spark-master names it',
    });
  });

  test.each([
    'tar: pitwall/bin/node: Cannot write: No space left on device',
    'java.io.FileNotFoundException: /tmp/x (No such file or directory)',
    '',
  ])('may be tried again for all else: %s', (said) => {
    expect(sparkStartFailure(WHY, said, { archive: '/a.tar' })).toMatchObject({
      kind: 'temporary',
      message: `Spark did not start: ${WHY}`,
    });
  });
});
