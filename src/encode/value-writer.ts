import type { Data } from 'apache-arrow';
import { PitwallError } from '../error.ts';
import { nullBitmapOf } from './bit-builder.ts';
import type { ByteBuffer } from './byte-buffer.ts';

/** Appends the value of `row` to `out`. Returns false, with nothing appended, where the value is NULL. */
export type WriteValue = (row: number, out: ByteBuffer) => boolean;

/** Reads a column's buffers out of one batch, once, so that the loop over its rows finds them in a closure. */
export type BindValue = (data: Data) => WriteValue;

/** What NaN, the infinities and infinite dates become. */
export type NonfinitePolicy = 'null' | 'error' | 'string';

/** How values are written. Below a list, struct or map of a CSV cell the notation is `json`. */
export interface ValueRules {
  readonly notation: 'json' | 'csv';
  readonly bigint: 'number' | 'string';
  readonly nonfinite: NonfinitePolicy;
  /** Spaces for each level of nesting; 0 writes everything on one line. */
  readonly indent: number;
  /** How many containers are open around the value. */
  readonly depth: number;
  /** The top-level column, for messages. */
  readonly column: string;
}

const QUOTE = 0x22;
const NULL = new TextEncoder().encode('null');
const ONE_QUOTE = Uint8Array.of(QUOTE);
const NO_BYTES = new Uint8Array(0);

/** Puts the reading of the validity bitmap in front of `bind`; a batch without NULLs does not pay for it. */
export function skipNulls(bind: BindValue): BindValue {
  return (data) => {
    const write = bind(data);
    const { offset } = data;
    const nullBitmap = nullBitmapOf(data);
    if (nullBitmap === undefined) return write;
    return (row, out) => {
      const bit = offset + row;
      return (nullBitmap[bit >> 3]! & (1 << (bit & 7))) !== 0 && write(row, out);
    };
  };
}

/** Quotes in JSON what needs no escapes (dates, base64); CSV quotes whole cells where it must. */
export function quoteInJson(write: WriteValue, rules: ValueRules): WriteValue {
  return rules.notation === 'csv' ? write : quoted(write);
}

function quoted(write: WriteValue): WriteValue {
  return (row, out) => {
    out.push(QUOTE);
    if (!write(row, out)) {
      out.length--;
      return false;
    }
    out.push(QUOTE);
    return true;
  };
}

/** Writes a JSON value, `null` included. */
export function writeOrNull(write: WriteValue, row: number, out: ByteBuffer): void {
  if (!write(row, out)) out.append(NULL);
}

/** A quote where the notation has quotes around strings. */
export function stringQuote(rules: ValueRules): Uint8Array {
  return rules.notation === 'json' ? ONE_QUOTE : NO_BYTES;
}

/**
 * Writes `text` (`NaN`, `Infinity`, `-Infinity`), which JSON has no number for, as the policy says.
 * Returns false for NULL. Throws a PitwallError of kind `data` where the policy is `error`.
 */
export function writeNonfinite(text: string, rules: ValueRules, out: ByteBuffer): boolean {
  if (rules.nonfinite === 'null') return false;
  if (rules.nonfinite === 'error') throw nonfiniteError(text, rules.column);
  const quote = stringQuote(rules);
  out.append(quote);
  out.append(new TextEncoder().encode(text));
  out.append(quote);
  return true;
}

function nonfiniteError(text: string, column: string): PitwallError {
  return new PitwallError(
    'data',
    `column "${column}": expected a finite value, got ${text}; filter it in the SQL, or set nonfinite to null or string`,
  );
}
