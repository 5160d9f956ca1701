import { PitwallError } from '../error.ts';
import { escapeRegExp } from '../storage/escape-reg-exp.ts';
import { isObject, textAt } from './event-value.ts';
import { readRequest } from './read-request.ts';
import type { RunRequest } from './run-request.ts';

/** A job that runs when an object below a prefix has changed. */
export interface Trigger {
  /** The url of a prefix; `{column}` in it stands for one value of a partition, to which the run is narrowed. */
  readonly prefix: string;
  readonly job: string;
  readonly params: RunRequest['params'];
}

/**
 * Reads the triggers of `PITWALL_TRIGGERS`: `[{"prefix": "s3://data/laps/year={year}/", "job": "race_stats", "params": {}}]`.
 *
 * @throws PitwallError (`usage`)
 */
export function readTriggers(text: string | undefined): Trigger[] {
  const list = parse(text ?? '[]');
  if (!Array.isArray(list)) throw wrong('a list');
  return list.map((trigger) => {
    const prefix = textAt(trigger, 'prefix');
    if (!isObject(trigger) || prefix === undefined || !/^s3:\/\/[^/]+\/.*\/$/.test(prefix))
      throw wrong('a prefix such as s3://bucket/folder/ in each');
    const { job, params } = readRequest({ job: trigger.job, params: trigger.params ?? {} });
    return { prefix, job, params };
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw wrong('JSON');
  }
}

function wrong(expected: string): PitwallError {
  return new PitwallError('usage', `PITWALL_TRIGGERS: expected ${expected}; see docs/aws.md`);
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
