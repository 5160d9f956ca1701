import { PitwallError } from '../error.ts';
import { cutText } from '../plan/cut-text.ts';
import type { PlannedFile, PlannedInput } from '../plan/plan.ts';
import { NEWLINES_ADVICE, wrongValue } from './locate-bad-value.ts';

/** A file of an input as the run knows it. */
export interface InputFile {
  readonly planned: PlannedInput;
  readonly file: PlannedFile;
}

/** What DuckDB's CSV and JSON readers say about a file. */
export interface ReaderError {
  readonly at: InputFile;
  readonly error: PitwallError;
  /** The reader gave up without a line: quotes or line ends are not of one kind. */
  readonly lost: boolean;
  /** What the JSON reader found, whose places are approximate: a value of another type, or text that is no JSON. */
  readonly json: 'mistyped' | 'malformed' | undefined;
}

/**
 * Turns the text of an error of DuckDB's readers into one line that names file, line, column, what was expected
 * and got, and what to do; never over 2 KB, though DuckDB repeats the whole line of the file. `undefined` for
 * the text of any other error.
 *
 * @param detail - DuckDB's whole text, line breaks and all
 */
export function explainCsvError(detail: string, inputs: readonly PlannedInput[]): ReaderError | undefined {
  const at = findFile(readerPath(detail), inputs);
  if (at === undefined) return undefined;
  const line = readerLine(detail);
  const place = line === undefined ? { file: at.file.url } : { file: at.file.url, line };
  const lost = detail.includes('state machine reached an invalid state');
  return {
    at,
    lost,
    json: jsonTrouble(detail),
    error: new PitwallError('data', explain(detail, at), { place }),
  };
}

function jsonTrouble(detail: string): ReaderError['json'] {
  if (detail.startsWith('JSON transform error')) return 'mistyped';
  return detail.startsWith('Malformed JSON') ? 'malformed' : undefined;
}

function readerPath(detail: string): string | undefined {
  const json = /^(?:JSON transform error|Malformed JSON) in file "(.*?)", /.exec(detail)?.[1];
  return json ?? /\n {2}file = (.*)\n {2}delimiter = /.exec(detail)?.[1];
}

function findFile(path: string | undefined, inputs: readonly PlannedInput[]): InputFile | undefined {
  const all = inputs.flatMap((planned) => planned.files.map((file) => ({ planned, file })));
  return path === undefined ? undefined : all.find(({ file }) => file.path === path);
}

/** The JSON reader's line numbers are approximate, by its own words: off by one or more. None is better than a wrong one. */
function readerLine(detail: string): number | undefined {
  const [, line] = /^CSV Error on Line: (\d+)/.exec(detail) ?? [];
  return line === undefined ? undefined : Number(line);
}

type Explanation = readonly [RegExp, (match: RegExpExecArray, at: InputFile) => string];

/** By what follows the line of the file; each pattern stands at the start of a line of the error. */
const EXPLANATIONS: readonly Explanation[] = [
  [/^Error when converting column "(.*?)"\. Could not convert string "([\s\S]*?)" to '/m, sayConversion],
  [/^Expected Number of Columns: (\d+) Found: (\d+)/m, sayColumns],
  [
    /^Value with unterminated quote found/m,
    (_, at) =>
      `a quote opens and does not close, or text follows the one that closes; mend it or check quote and escape${adviceForPart(at)}`,
  ],
  [/^Invalid unicode/m, sayEncoding],
  [/^Maximum line size of (\d+) bytes exceeded/m, saySize],
  [/state machine reached an invalid state/, sayLost],
  [/^JSON transform error in file ".*?", ([^\n]*)/, sayJson],
  [/^Malformed JSON in file ".*?", ([^\n]*)/, sayMalformed],
];

function explain(detail: string, at: InputFile): string {
  for (const [pattern, say] of EXPLANATIONS) {
    const match = pattern.exec(detail);
    if (match !== null) return say(match, at);
  }
  return cutText(detail.replaceAll(/\s+/g, ' '));
}

function sayConversion([, column = '', text = '']: RegExpExecArray, { planned }: InputFile): string {
  const type = planned.columns.find(({ name }) => name === column)?.type ?? 'another type';
  return wrongValue(planned.input, { name: column, type }, text);
}

function sayColumns([, expected, found]: RegExpExecArray, at: InputFile): string {
  // The reader gives up at the first one too many.
  const got = Number(found) > Number(expected) ? `${found} or more` : found;
  return `expected ${expected} columns as in the header, got ${got}; correct the line or check delimiter and quote${adviceForPart(at)}`;
}

/** A file is cut at line breaks: one within quotes leaves a half of its record on either side. */
function adviceForPart({ file }: InputFile): string {
  return file.part?.kind === 'bytes' ? NEWLINES_ADVICE : '';
}

function sayEncoding(_: RegExpExecArray, { planned }: InputFile): string {
  return `expected ${planned.input.encoding}, got bytes that are none; set encoding or convert the file`;
}

function saySize([, most]: RegExpExecArray): string {
  return `the line is longer than ${most} bytes; check quote and delimiter, or shorten it`;
}

function sayLost(_: RegExpExecArray, at: InputFile): string {
  return `line ends or quotes are not of one kind; make every line end alike and close every quote${adviceForPart(at)}`;
}

function sayJson([, what = '']: RegExpExecArray): string {
  return `${withoutLine(what) || 'a value is not of its type'}; correct it or declare another type`;
}

function sayMalformed([, what = '']: RegExpExecArray): string {
  return `not JSON: ${withoutLine(what)}; correct it or check the input's format`;
}

function withoutLine(said: string): string {
  const [, what = ''] = /^(?:at byte \d+ )?(?:in line \d+: )?(.*?)(?:\. Try .*|\.)?\s*$/.exec(said) ?? [];
  return cutText(what);
}
