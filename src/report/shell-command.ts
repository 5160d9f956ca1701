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
  readonly s3Endpoint?: string | undefined;
  readonly scratch?: string | undefined;
  readonly singleWriter?: boolean | undefined;
  readonly fuseBelowBytes?: number | undefined;
  readonly maxBytes?: number | undefined;
  /** Dollars. */
  readonly maxCost?: number | undefined;
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
  return `cd ${quoteShell(cwd)} && ${shellLine(['pitwall', 'run', ref, ...pairs.flat(), ...howToRun(asked, redact), ...howToPlan(asked)])}`;
}

/** What a run that is gone on with has in its plan. */
function howToPlan({ fuseBelowBytes, maxBytes, maxCost }: AskedRun): string[] {
  return amounts({ '--fuse-below': fuseBelowBytes, '--max-bytes': maxBytes, '--max-cost': maxCost });
}

function amounts(options: Readonly<Record<string, number | undefined>>): string[] {
  return Object.entries(options).flatMap(([name, amount]) =>
    amount === undefined ? [] : [name, String(amount)],
  );
}

function howToRun(asked: AskedRun, redact: Redact): string[] {
  const { workers, threads, memoryBytes, allowPartial, engine, s3Endpoint, scratch, singleWriter } = asked;
  return [
    ...(engine === undefined ? [] : ['--engine', engine.name]),
    ...(engine?.options ?? []).flatMap(([option, value]) => [option, hiddenPair(value, redact)]),
    ...amounts({ '--workers': workers, '--threads': threads, '--memory': memoryBytes }),
    ...(allowPartial ? ['--allow-partial'] : []),
    ...(s3Endpoint === undefined ? [] : ['--s3-endpoint', redact(s3Endpoint)]),
    ...(scratch === undefined ? [] : ['--scratch', scratch]),
    ...(singleWriter ? ['--single-writer'] : []),
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
