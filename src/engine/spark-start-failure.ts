import { type ErrorKind, PitwallError } from '../error.ts';
import type { SparkSubmitOptions } from './spark-submit.ts';

/** A way in which Spark fails to start. */
interface KnownFailure {
  /** What Spark, Java, tar or the shell says of it. */
  readonly pattern: RegExp;
  /** `usage` for what fails each time: schedulers try `temporary` ones again. */
  readonly kind: ErrorKind;
  /** What is wrong and what to do; with what the pattern's group has found, if it found anything. */
  readonly advice: (found: string | undefined, options: SparkSubmitOptions) => string;
}

const NOT_RUN = '(?:No such file or directory|Permission denied|cannot execute|Is a directory)';
const INSTALL_JAVA = 'set JAVA_HOME to an installation of Java 17 or later';
const INSTALL_SPARK =
  'set SPARK_HOME to an installation of Spark; for pip: unset it, and put the bin folder of the virtual environment on the PATH';
const NAME_MASTER = '--spark-master takes spark://host:7077, yarn, k8s://… or local[*]';
const OLD_JAVA = `Java is too old for it; ${INSTALL_JAVA}`;

/** The first that fits counts: the shell names its script too, so what the script calls comes before it. */
const KNOWN: readonly KnownFailure[] = [
  {
    pattern: new RegExp(`([^\\s:]*\\bjava): ${NOT_RUN}`),
    kind: 'usage',
    advice: (java = 'java') => `${java} cannot be run; ${INSTALL_JAVA}`,
  },
  {
    pattern: /JAVA_HOME is not set|Unable to locate a Java Runtime|java: (?:command )?not found/,
    kind: 'usage',
    advice: () => `there is no Java; ${INSTALL_JAVA}, or put it on the PATH`,
  },
  { pattern: /UnsupportedClassVersionError/, kind: 'usage', advice: () => OLD_JAVA },
  {
    pattern: new RegExp(`([^\\s:]*\\bspark-(?:submit|class)): ${NOT_RUN}`),
    kind: 'usage',
    advice: (program = 'spark-submit') => `${program} cannot be run; ${INSTALL_SPARK}`,
  },
  {
    pattern: /^.*\bspawn (\S+) (?:ENOENT|EACCES|ENOEXEC)/,
    kind: 'usage',
    advice: (program = 'spark-submit') => `${program} cannot be run; ${INSTALL_SPARK}`,
  },
  {
    pattern: /You need to build Spark with the target/,
    kind: 'usage',
    advice: () => `SPARK_HOME has no jars of Spark; ${INSTALL_SPARK}`,
  },
  {
    pattern: /Master must either be yarn or start with spark|Could not parse Master URL(?:: '([^']*)')?/,
    kind: 'usage',
    advice: (found, options) =>
      `it knows no master ${masterOf(options) ?? found ?? 'of this name'}; ${NAME_MASTER}`,
  },
  {
    // Not a full disk, of which tar tells too.
    pattern:
      /not in gzip format|invalid compressed data|unexpected end of file|Unexpected EOF in archive|does not look like a tar archive/,
    kind: 'usage',
    advice: (_, { archive }) =>
      `${archive === undefined ? 'an archive' : `--spark-archive ${archive}`} cannot be unpacked; pitwall pack makes one`,
  },
  {
    // Comes last: of several masters one may not answer.
    pattern: /Failed to connect to master (\S+)|All masters are unresponsive/,
    kind: 'temporary',
    advice: (found, options) => {
      const url = masterOf(options) ?? (found === undefined ? 'its url' : `spark://${found}`);
      return `the master at ${url} does not answer; see whether it runs, and whether --spark-master names it`;
    },
  },
];

/**
 * Why Spark did not start, and whether it may pass.
 *
 * @param why - how its driver ended
 * @param said - what that printed
 */
export function sparkStartFailure(why: string, said: string, options: SparkSubmitOptions): PitwallError {
  const text = `${why}\n${said}`;
  for (const { pattern, kind, advice } of KNOWN) {
    const match = pattern.exec(text);
    if (match !== null) return notStarted(kind, advice(match[1], options));
  }
  return notStarted('temporary', why);
}

function notStarted(kind: ErrorKind, why: string): PitwallError {
  return new PitwallError(kind, `Spark did not start: ${why}`);
}

function masterOf({ master, conf = {} }: SparkSubmitOptions): string | undefined {
  return master ?? conf['spark.master'];
}
