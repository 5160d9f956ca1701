import type { Schema } from 'apache-arrow';
import { PitwallError } from '../error.ts';
import { ByteBuffer } from './byte-buffer.ts';
import { compileValue } from './compile-value.ts';
import { projectColumns } from './projection.ts';
import { rowByRow } from './row-by-row.ts';
import type { CsvOptions, Frame, RowEncoder, RowEncoderOptions } from './row-format.ts';
import type { ValueRules, WriteValue } from './value-writer.ts';

const TEXT = new TextEncoder();

/** The dialect as bytes. */
interface Dialect {
  readonly delimiter: number;
  readonly quote: number;
  readonly null: Uint8Array;
  /** 1 for each byte that cannot stand in a cell without quotes. */
  readonly special: Uint8Array;
}

/**
 * Rows as CSV by RFC 4180, with `\n` at the ends of lines. A cell is quoted where it holds the delimiter, the
 * quote or a line end, where it is empty, and where it reads as NULL. A NULL in a file of one column is an
 * empty line, which some readers pass over: set `null` for those.
 * https://www.rfc-editor.org/rfc/rfc4180
 */
export function createCsvRowEncoder(schema: Schema, options: RowEncoderOptions): RowEncoder {
  const dialect = readDialect(options.csv ?? {});
  const { fields, columnsOf } = projectColumns(schema, options.columns);
  const binds = fields.map((field) => compileValue(field, csvRules(options, field.name)));
  const frame = csvFrame(headerLine(fields, dialect, options.csv?.header ?? true));
  return rowByRow(frame, (batch) => {
    const columns = columnsOf(batch);
    const writers = binds.map((bind, at) => bind(columns[at]!));
    return (row, out) => writeLine(writers, row, dialect, out);
  });
}

function writeLine(writers: readonly WriteValue[], row: number, dialect: Dialect, out: ByteBuffer): void {
  for (let at = 0; at < writers.length; at++) {
    if (at > 0) out.push(dialect.delimiter);
    writeCell(writers[at]!, row, dialect, out);
  }
}

function csvRules(options: RowEncoderOptions, column: string): ValueRules {
  const { bigint = 'number', nonfinite = 'null' } = options;
  return { notation: 'csv', bigint, nonfinite, indent: 0, depth: 0, column };
}

function csvFrame(header: Uint8Array): Frame {
  const lineEnd = TEXT.encode('\n');
  return { open: header, separator: lineEnd, close: lineEnd, empty: header };
}

function headerLine(fields: readonly { name: string }[], dialect: Dialect, header: boolean): Uint8Array {
  const out = new ByteBuffer();
  if (!header) return out.view();
  fields.forEach(({ name }, at) => {
    if (at > 0) out.push(dialect.delimiter);
    const start = out.length;
    out.append(TEXT.encode(name));
    quoteWhereNeeded(start, dialect, out);
  });
  out.append(TEXT.encode('\n'));
  return out.view();
}

function writeCell(write: WriteValue, row: number, dialect: Dialect, out: ByteBuffer): void {
  const start = out.length;
  if (write(row, out)) quoteWhereNeeded(start, dialect, out);
  else out.append(dialect.null);
}

/** Looks at the cell that `out` holds from `start` to its end. */
function quoteWhereNeeded(start: number, dialect: Dialect, out: ByteBuffer): void {
  if (isSpecial(start, dialect, out) || isNullText(start, dialect.null, out))
    quoteCell(start, dialect.quote, out);
}

function isSpecial(start: number, { special }: Dialect, { bytes, length }: ByteBuffer): boolean {
  for (let at = start; at < length; at++) if (special[bytes[at]!] !== 0) return true;
  return start === length;
}

function isNullText(start: number, text: Uint8Array, { bytes, length }: ByteBuffer): boolean {
  return length - start === text.length && text.every((byte, at) => bytes[start + at] === byte);
}

/** Moves the cell from its end on, so that no byte is overwritten before it has moved. */
function quoteCell(start: number, quote: number, out: ByteBuffer): void {
  const end = out.length;
  const added = 2 + countByte(quote, start, out);
  out.reserve(added);
  const { bytes } = out;
  let to = end + added;
  bytes[--to] = quote;
  for (let from = end - 1; from >= start; from--) {
    bytes[--to] = bytes[from]!;
    if (bytes[to] === quote) bytes[--to] = quote;
  }
  bytes[start] = quote;
  out.length = end + added;
}

function countByte(byte: number, start: number, { bytes, length }: ByteBuffer): number {
  let count = 0;
  for (let at = start; at < length; at++) if (bytes[at] === byte) count++;
  return count;
}

function readDialect(options: CsvOptions): Dialect {
  const delimiter = readCharacter('delimiter', options.delimiter ?? ',');
  const quote = readCharacter('quote', options.quote ?? '"');
  if (delimiter === quote) {
    throw new PitwallError(
      'job',
      `csv: delimiter and quote are both ${JSON.stringify(String.fromCharCode(quote))}`,
    );
  }
  const special = new Uint8Array(256);
  for (const byte of [delimiter, quote, 0x0a, 0x0d]) special[byte] = 1;
  return { delimiter, quote, null: TEXT.encode(options.null ?? ''), special };
}

function readCharacter(option: string, character: string): number {
  if (character.length === 1 && character < '\x80' && character !== '\n' && character !== '\r') {
    return character.charCodeAt(0);
  }
  const got = JSON.stringify(character);
  throw new PitwallError(
    'job',
    `csv: expected ${option} to be one ASCII character other than a line end, got ${got}`,
  );
}
