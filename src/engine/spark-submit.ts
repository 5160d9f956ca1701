import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { PitwallError } from '../error.ts';
import { PACKAGE_FOLDER } from './own-command.ts';
import { isInstalled } from './run-program.ts';

/** How Spark is called. */
export interface SparkSubmitOptions {
  /** `spark://host:7077`, `yarn`, `local[*]`, …; by default what Spark is set to. */
  readonly master?: string | undefined;
  /** Settings of Spark. */
  readonly conf?: Readonly<Record<string, string>> | undefined;
  /** What `pitwall pack` made; without it Pitwall lies on the executors as it does here. */
  readonly archive?: string | undefined;
}

const SCRIPT = join(PACKAGE_FOLDER, 'engines/spark/pitwall_spark.py');
const KEPT_CHARACTERS = 20_000;

/** spark-submit: that of SPARK_HOME, or on the PATH. @throws PitwallError (`usage`) when there is none */
export function findSparkSubmit(env: NodeJS.ProcessEnv = process.env): string {
  const { SPARK_HOME: home } = env;
  if (home !== undefined && isInstalled('spark-submit', join(home, 'bin')))
    return join(home, 'bin/spark-submit');
  if (isInstalled('spark-submit', env.PATH)) return 'spark-submit';
  const message =
    '--engine spark needs spark-submit: set SPARK_HOME or the PATH to an installation of Spark, with Java 17 or later; for pip: put the bin folder of the virtual environment on the PATH';
  throw new PitwallError('usage', message);
}

/** The arguments of spark-submit for a driver that connects to a socket. https://spark.apache.org/docs/latest/submitting-applications.html */
export function sparkSubmitArgs(
  { master, conf = {}, archive }: SparkSubmitOptions,
  name: string,
  socket: string,
): string[] {
  const settings = { 'spark.ui.showConsoleProgress': 'false', ...conf };
  return [
    ...(master === undefined ? [] : ['--master', master]),
    ...['--deploy-mode', 'client', '--name', name],
    ...Object.entries(settings).flatMap(([key, value]) => ['--conf', `${key}=${value}`]),
    ...(archive === undefined ? [] : ['--archives', `${archive}#pitwall`]),
    ...[SCRIPT, '--socket', socket],
  ];
}

/** A driver of Spark in a process group of its own, so that signals of a terminal are left to us. */
export class SparkDriver {
  readonly #child: ChildProcess;
  #said = '';
  /** Resolves when it has ended, with how. */
  readonly ended: Promise<string>;

  constructor(program: string, args: readonly string[]) {
    this.#child = spawn(program, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#said = (this.#said + text).slice(-KEPT_CHARACTERS);
      });
    this.ended = new Promise((resolve) => {
      this.#child.on('error', (error) => resolve(error.message));
      this.#child.on('close', (code, signal) => resolve(this.#describeEnd(code, signal)));
    });
  }

  /** The end of what it printed. */
  get said(): string {
    return this.#said;
  }

  /** Ends it and all that it started. */
  kill(signal: NodeJS.Signals): void {
    const { pid, exitCode, signalCode } = this.#child;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // It ended by itself meanwhile.
    }
  }

  #describeEnd(code: number | null, signal: NodeJS.Signals | null): string {
    const how = signal === null ? `exit code ${code}` : signal;
    const line = tellingLine(this.#said);
    return line === undefined ? how : `${how}: ${line}`;
  }
}

/** The last line that says what went wrong; stack traces and what is only noted are left out. */
function tellingLine(text: string): string | undefined {
  // Python puts a colon before an exception of Java.
  const lines = text.split('\n').map((line) => line.trim().replace(/^:\s+/, ''));
  const telling = lines.filter((line) => /error|exception|cannot|invalid|no such|not set/i.test(line));
  return telling.findLast((line) => !/^at |\bINFO\b/.test(line)) ?? lines.findLast((line) => line !== '');
}
