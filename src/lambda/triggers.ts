import { PitwallError } from '../error.ts';
import { escapeRegExp } from '../storage/escape-reg-exp.ts';
import { isObject, textAt } from './event-value.ts';
import { readRequest } from './read-request.ts';
import type { RunRequest } from './run-request.ts';

const NAME = 'PITWALL_TRIGGERS';
/** How much of a value a message repeats. */
const LONGEST = 200;

/** A job that runs when an object below a prefix has changed. */
export interface Trigger {
  /** The url of a prefix; `{column}` in it stands for one value of a partition, to which the run is narrowed. */
  readonly prefix: string;
  readonly job: string;
  readonly params: RunRequest['params'];
}

/**
 * Reads the triggers of `PITWALL_TRIGGERS`: `[{"prefix": "s3://data/laps/year={year}/", "job": "race_stats", "params": {}}]`.
 * An empty text is none.
 *
 * @throws PitwallError (`usage`)
 */
export function readTriggers(text: string | undefined): Trigger[] {
  if (text === undefined || text === '') return [];
  const list = parse(text);
  if (!Array.isArray(list)) throw wrong('a list', text);
  return list.map(readTrigger);
}

function readTrigger(trigger: unknown, at: number): Trigger {
  if (!isObject(trigger)) throw wrong('a prefix and a job in each', JSON.stringify(trigger));
  const prefix = textAt(trigger, 'prefix');
  if (prefix === undefined || !/^s3:\/\/[^/]+\/.*\/$/.test(prefix))
    throw wrong('a prefix such as s3://bucket/folder/ in each', sayValue(trigger.prefix));
  const asked = { job: trigger.job, params: trigger.params ?? {} };
  const { job, params } = readRequest(asked, `${NAME}: trigger ${at + 1}'s`);
  return { prefix, job, params };
}

function sayValue(value: unknown): string {
  return value === undefined ? 'none' : JSON.stringify(value);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw wrong('JSON', text);
  }
}

function wrong(expected: string, got: string): PitwallError {
  const shown = got.length > LONGEST ? `${got.slice(0, LONGEST)} …` : got;
  return new PitwallError('usage', `${NAME}: expected ${expected}, got ${shown}; see docs/aws.md`);
}

/** A run that objects make necessary. */
export interface TriggeredRun {
  readonly request: RunRequest;
  /** The objects that do. */
  readonly urls: ReadonlySet<string>;
}

/** The runs that objects make necessary: one of each trigger, narrowed to all of their partitions. */
export function triggeredRuns(triggers: readonly Trigger[], urls: readonly string[]): TriggeredRun[] {
  return triggers.flatMap((trigger) => {
    const read = prefixReader(trigger.prefix);
    const found = urls.flatMap((url) => {
      const values = isOwnFile(url) ? undefined : read(url);
      return values === undefined ? [] : [{ url, values }];
    });
    if (found.length === 0) return [];
    const { job, params } = trigger;
    const only = gather(found.map(({ values }) => values));
    return [{ request: { job, params, only, force: false }, urls: new Set(found.map(({ url }) => url)) }];
  });
}

/** What Pitwall itself keeps beside outputs never sets off a run. */
function isOwnFile(url: string): boolean {
  return url.includes('/_pitwall/');
}

/** Gives the values that a url below the prefix has for its placeholders. */
function prefixReader(prefix: string): (url: string) => Readonly<Record<string, string>> | undefined {
  const columns: string[] = [];
  const source = prefix.split(/(\{[^{}]+\})/).map((piece, at) => {
    if (at % 2 === 0) return escapeRegExp(piece);
    columns.push(piece.slice(1, -1));
    return '([^/]+?)';
  });
  const expression = new RegExp(`^${source.join('')}`, 's');
  return (url) => {
    const match = expression.exec(url);
    if (match === null) return undefined;
    const [, ...texts] = match;
    return Object.fromEntries(columns.map((column, at) => [column, decode(texts[at] ?? '')]));
  };
}

/** As folders of partitions are written. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function gather(all: readonly Readonly<Record<string, string>>[]): RunRequest['only'] {
  const columns = Object.keys(all[0] ?? {});
  return Object.fromEntries(
    columns.map((column) => [column, [...new Set(all.map((values) => values[column] ?? ''))].sort()]),
  );
}
