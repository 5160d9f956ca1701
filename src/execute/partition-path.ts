import { PitwallError } from '../error.ts';
import type { Output } from '../job/job.ts';
import { isRemote } from '../storage/is-remote.ts';

/** The longest name that every common file system takes. */
const MAX_NAME_BYTES = 255;
/** The longest key that S3 takes. */
const MAX_PATH_BYTES = 1024;

/** Characters that a file system, a shell glob, a URL or a hive path would read as something else. */
const UNSAFE = /[\p{Cc}"%*/:<=>?\\|]/gu;

/** Names that Windows keeps for devices, whatever their extension. */
const RESERVED = /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[\d¹²³])(\.|$)/i;

/** The text of each partition column in a row's partition; `null` is NULL. */
export type PartitionTexts = ReadonlyMap<string, string | null>;

/**
 * The path of a partition's output below the output's root. Values are percent-encoded, so that different
 * values give different paths and none leaves the root.
 *
 * @throws PitwallError (`data`) for NULL, an empty value, one that climbs, or a name that is too long
 */
export function partitionPath(output: Output, texts: PartitionTexts, runId: string): string {
  const path = output.path
    .map((part) => {
      if (part.kind === 'text') return part.text;
      return part.kind === 'run' ? runId : encodeColumn(output, part.column, texts.get(part.column) ?? null);
    })
    .join('');
  checkSegments(output, path);
  checkLengths(output, path);
  return path;
}

/** A value never makes such a segment; the texts of `null_as` and `empty_as` can. */
function checkSegments(output: Output, path: string): void {
  const wrong = path.split('/').find((segment) => ['', '.', '..'].includes(segment));
  if (wrong === undefined) return;
  throw new PitwallError(
    'job',
    `a partition gives the path ${JSON.stringify(path)} in ${output.template}, expected a name between its slashes, got ${JSON.stringify(wrong)}; change null_as, empty_as or the path`,
  );
}

function encodeColumn(output: Output, column: string, text: string | null): string {
  if (text === null)
    return output.nullAs ?? fail(output, `partition column "${column}" is NULL in a row`, 'null_as');
  if (text === '')
    return output.emptyAs ?? fail(output, `partition column "${column}" is empty in a row`, 'empty_as');
  const climbs =
    output.unsafeValues === 'fail' && text.split(/[/\\]/).some((segment) => /^\.\.?$/.test(segment));
  if (climbs)
    fail(
      output,
      `partition value ${JSON.stringify(text)} of column "${column}" climbs out of its folder`,
      'unsafe',
    );
  const encoded = encodeValue(text);
  const isTaken = encoded === output.nullAs || encoded === output.emptyAs;
  return isTaken ? encodeEvery(text) : encoded;
}

const REMEDIES = {
  null_as: 'filter such rows out in the SQL, or set null_as: in the output',
  empty_as: 'filter such rows out in the SQL, or set empty_as: in the output',
  unsafe: 'filter such rows out in the SQL, or set unsafe_values: encode in the output',
} as const;

function fail(output: Output, what: string, remedy: keyof typeof REMEDIES): never {
  throw new PitwallError('data', `${what}, so it has no place in ${output.template}; ${REMEDIES[remedy]}`);
}

/** One value as a part of a file name; `decodeURIComponent` gives it back. */
export function encodeValue(text: string): string {
  const escaped = text.replace(UNSAFE, encodeEvery);
  const composed =
    escaped === escaped.normalize('NFC') ? escaped : escaped.replace(/\P{ASCII}+/gu, encodeEvery);
  const trimmed = composed.replace(/[. ]+$/, encodeEvery).replace(/^ +/, encodeEvery);
  return RESERVED.test(trimmed) ? encodeEvery(trimmed.charAt(0)) + trimmed.slice(1) : trimmed;
}

function encodeEvery(text: string): string {
  const bytes = new TextEncoder().encode(text);
  return Array.from(bytes, (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
}

function checkLengths(output: Output, path: string): void {
  if (isRemote(output.root)) checkKey(output, `${output.root}/${path}`);
  else checkNames(output, path);
}

function checkNames(output: Output, path: string): void {
  const long = path.split('/').find((name) => Buffer.byteLength(name) > MAX_NAME_BYTES);
  if (long !== undefined) failTooLong(output, long, MAX_NAME_BYTES, 'a file name');
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) failTooLong(output, path, MAX_PATH_BYTES, 'a path');
}

/** Objects have no names of files: their whole key counts, which is what follows the bucket. */
function checkKey(output: Output, url: string): void {
  const key = url.slice(url.indexOf('/', url.indexOf('://') + 3) + 1);
  if (Buffer.byteLength(key) > MAX_PATH_BYTES) failTooLong(output, key, MAX_PATH_BYTES, 'a key');
}

function failTooLong(output: Output, text: string, limit: number, what: string): never {
  const shown = `${text.slice(0, 40)}…`;
  throw new PitwallError(
    'data',
    `partition value gives ${what} of ${Buffer.byteLength(text)} bytes (${shown}) in ${output.template}, expected at most ${limit}; shorten the value in the SQL`,
  );
}

/**
 * Refuses two partitions whose paths differ in case only, or not at all: on many file systems one would
 * overwrite the other.
 */
export function checkCollisions(output: Output, paths: Iterable<string>): void {
  const collision = findCollision(paths);
  if (collision !== undefined) failCollision(output, ...collision);
}

/** The first two paths that are the same to a file system that ignores case. */
export function findCollision(paths: Iterable<string>): [string, string] | undefined {
  const seen = new Map<string, string>();
  for (const path of paths) {
    const folded = path.normalize('NFC').toLowerCase();
    const other = seen.get(folded);
    if (other !== undefined) return [other, path];
    seen.set(folded, path);
  }
  return undefined;
}

function failCollision(output: Output, one: string, another: string): never {
  const how = one === another ? 'are the same path' : 'differ only in case';
  throw new PitwallError(
    'data',
    `two partitions of ${output.template} ${how}: ${one} and ${another}; make the values one in the SQL (lower(…), for example)`,
  );
}
