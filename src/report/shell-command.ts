import { quoteShell } from '../engine/shell-words.ts';
import { type Redact, redactedJson } from './redact.ts';

/** How a run was asked for, as far as a command line tells it. */
export interface AskedRun {
  /** As the user named the job. */
  readonly ref: string;
  readonly cwd: string;
  readonly set: Readonly<Record<string, string>>;
  readonly only: Readonly<Record<string, readonly string[]>>;
  readonly workers?: number | undefined;
  readonly threads?: number | undefined;
  readonly memoryBytes?: number | undefined;
  readonly allowPartial?: boolean | undefined;
  readonly engine?: AskedEngine | undefined;
}

export interface AskedEngine {
  readonly name: string;
  /** Its own options, with their values. */
  readonly options?: readonly (readonly [option: string, value: string])[] | undefined;
}

/** The command that goes on with a run, for a POSIX shell; secrets are hidden, and have to be given anew. */
export function resumeCommandLine(folder: string, asked: AskedRun, redact: Redact): string {
  return shellLine(['pitwall', 'resume', folder, ...howToRun(asked, redact)]);
}

/** The command that runs the same again, with secrets hidden likewise. */
export function runCommandLine(asked: AskedRun, redact: Redact): string {
  const { ref, cwd, set, only } = asked;
  const pairs = [
    ...Object.entries(set).map(([name, value]) => ['--set', `${name}=${hidden(name, value, redact)}`]),
    ...Object.entries(only).flatMap(([name, values]) =>
      values.map((value) => ['--only', `${name}=${value}`]),
    ),
  ];
  return `cd ${quoteShell(cwd)} && ${shellLine(['pitwall', 'run', ref, ...pairs.flat(), ...howToRun(asked, redact)])}`;
}

function howToRun(asked: AskedRun, redact: Redact): string[] {
  const { workers, threads, memoryBytes, allowPartial, engine } = asked;
  const amounts = { '--workers': workers, '--threads': threads, '--memory': memoryBytes };
  const given = Object.entries(amounts).filter(([, amount]) => amount !== undefined);
  return [
    ...(engine === undefined ? [] : ['--engine', engine.name]),
    ...(engine?.options ?? []).flatMap(([option, value]) => [option, hiddenPair(value, redact)]),
    ...given.flatMap(([name, amount]) => [name, String(amount)]),
    ...(allowPartial ? ['--allow-partial'] : []),
  ];
}

/** Of `key=value` the key, which Spark divides by points, tells whether the value is a secret. */
function hiddenPair(text: string, redact: Redact): string {
  const [, key, value] = /^([^=\s]+)=(.*)$/s.exec(text) ?? [];
  return key === undefined || value === undefined
    ? redact(text)
    : `${key}=${hidden(key.replaceAll('.', '_'), value, redact)}`;
}

function hidden(name: string, value: string, redact: Redact): string {
  const shown: Record<string, string> = JSON.parse(redactedJson({ [name]: value }, redact));
  return shown[name] ?? '';
}

function shellLine(words: readonly string[]): string {
  return words.map(quoteShell).join(' ');
}
