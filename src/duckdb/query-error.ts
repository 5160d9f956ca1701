import { type ErrorKind, PitwallError, type Place } from '../error.ts';

/** DuckDB's error with `errors_as_json`: https://duckdb.org/docs/stable/configuration/overview (errors_as_json) */
interface ErrorDocument {
  readonly exception_type?: string;
  readonly exception_message?: string;
  /** Offset in the statement, as text. */
  readonly position?: string;
}

const KINDS: Record<string, ErrorKind> = {
  Parser: 'job',
  Syntax: 'job',
  Binder: 'job',
  Catalog: 'job',
  'Not implemented': 'job',
  Permission: 'job',
  'Parameter Not Resolved': 'job',
  'Parameter Not Allowed': 'job',
  'Missing Extension': 'job',
  Dependency: 'job',
  Settings: 'job',
  'Out of Memory': 'memory',
  IO: 'output',
  INTERRUPT: 'interrupted',
  Interrupt: 'interrupted',
};

export interface QueryErrorDetails {
  /** DuckDB's name of the error's class: `Binder`, `Conversion`, … */
  readonly duckdbType: string;
  readonly sql: string;
  /** Character offset in `sql`, where DuckDB knows it. */
  readonly offset: number | undefined;
  /** DuckDB's suggestion, such as `Did you mean "floor"?`, without a line break. */
  readonly hint: string | undefined;
  /** DuckDB's whole text, line breaks and all. */
  readonly detail: string;
}

/** A statement that DuckDB refused or could not finish. The message is one line. */
export class QueryError extends PitwallError {
  readonly duckdbType: string;
  readonly sql: string;
  readonly offset: number | undefined;
  readonly hint: string | undefined;
  readonly detail: string;

  constructor(kind: ErrorKind, message: string, details: QueryErrorDetails, place?: Place) {
    super(kind, message, { place });
    this.duckdbType = details.duckdbType;
    this.sql = details.sql;
    this.offset = details.offset;
    this.hint = details.hint;
    this.detail = details.detail;
  }

  /** Line of the error in `sql`, from 1. */
  get line(): number | undefined {
    return this.offset === undefined ? undefined : lineAndColumn(this.sql, this.offset).line;
  }

  /** Column of the error in its line, in characters from 1. */
  get column(): number | undefined {
    return this.offset === undefined ? undefined : lineAndColumn(this.sql, this.offset).column;
  }

  /**
   * The same error, placed in the file that `text` was read from, which stood in the statement after `before`
   * characters of ours.
   */
  within(file: string, text: string, before = 0): QueryError {
    const offset = this.offset === undefined ? undefined : this.offset - before;
    const inside = offset !== undefined && offset >= 0 && offset <= text.length;
    const place = inside ? { file, ...lineAndColumn(text, offset) } : { file };
    const details = { ...this.details, sql: text, offset: inside ? offset : undefined };
    return new QueryError(this.kind, this.message, details, place);
  }

  private get details(): QueryErrorDetails {
    const { duckdbType, sql, offset, hint, detail } = this;
    return { duckdbType, sql, offset, hint, detail };
  }
}

/** Makes DuckDB's error text, JSON or not, into a QueryError. */
export function toQueryError(text: string | null, sql: string): QueryError {
  const document = parseErrorDocument(text ?? 'unknown error');
  const duckdbType = document.exception_type ?? 'Unknown';
  const detail = document.exception_message ?? 'unknown error';
  const kind = KINDS[duckdbType] ?? 'data';
  const [headline, ownHint] = splitHint(detail);
  const hint = kind === 'memory' ? adviseOnMemory(headline) : ownHint;
  const offset =
    document.position === undefined ? undefined : toOffset(sql, headline, Number(document.position));
  const message = hint === undefined ? headline : `${headline.replace(/[!.]$/, '')}; ${hint}`;
  return new QueryError(kind, message, { duckdbType, sql, offset, hint, detail });
}

/** Line and column, from 1, of a character offset. */
export function lineAndColumn(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

function parseErrorDocument(text: string): ErrorDocument {
  const json = text.slice(Math.max(0, text.indexOf('{"exception_type"')));
  try {
    return JSON.parse(json) as ErrorDocument;
  } catch {
    return parseErrorText(text);
  }
}

/** `Binder Error: message`, as DuckDB writes before a connection's settings are in force. */
function parseErrorText(text: string): ErrorDocument {
  const [, type, message] = /^([A-Z][\w ]*?) (?:Error|Exception): ([\s\S]*)$/.exec(text) ?? [];
  return { exception_type: type ?? 'Unknown', exception_message: message ?? text };
}

/** DuckDB's own advice is to change its settings, which nobody can here. */
const MEMORY_ADVICE = 'give DuckDB more by --memory, or fewer --threads';
const SPILL_ADVICE = 'the disk has no more room to spill to: make some, or give DuckDB more by --memory';

function adviseOnMemory(headline: string): string {
  return isSpillFull(headline) ? SPILL_ADVICE : MEMORY_ADVICE;
}

/** Whether a message says that spilling came to the end of what it may take of the disk. */
export function isSpillFull(message: string): boolean {
  return message.startsWith('failed to offload data block');
}

function splitHint(detail: string): [string, string | undefined] {
  const [headline = '', ...rest] = detail.split('\n').map((line) => line.trim());
  const hint = rest.filter((line) => line !== '' && !/^(LINE \d|\^)/.test(line)).join(' ');
  return [headline, hint === '' ? undefined : hint];
}

/** What the scanner says of a text; of all else, the transformer, the binder and the rest say where. */
const SCANNER_ERROR = / at (or near "|end of input$)/;

/** The position in UTF-16 units: DuckDB's scanner counts code points, everything after it bytes. */
function toOffset(sql: string, headline: string, position: number): number {
  if (SCANNER_ERROR.test(headline)) return [...sql].slice(0, position).join('').length;
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  return decoder.decode(new TextEncoder().encode(sql).subarray(0, position)).length;
}
