import type { ByteBuffer } from './byte-buffer.ts';
import type { WriteSpan } from './byte-spans.ts';
import { layoutOf, lineBreak } from './layout.ts';
import { type ValueRules, writeNonfinite } from './value-writer.ts';

const TEXT = new TextEncoder();
const NULL = TEXT.encode('null');
const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const LOWER_CASE = 0x20;

type TokenKind = 'open' | 'close' | 'comma' | 'colon' | 'string';

const PUNCTUATION: ReadonlyMap<number, TokenKind> = new Map([
  [0x7b, 'open'],
  [0x5b, 'open'],
  [0x7d, 'close'],
  [0x5d, 'close'],
  [COMMA, 'comma'],
  [COLON, 'colon'],
  [QUOTE, 'string'],
]);

/**
 * Writes JSON text as the JSON value that it is, in the layout of the document around it.
 *
 * DuckDB's JSON type guarantees well-formed text but not strict JSON: line breaks, trailing commas, NaN and
 * Infinity come through. Space between tokens and trailing commas are dropped, NaN and the infinities follow
 * the `nonfinite` policy, and all else stays byte for byte: numbers of any length, escapes, repeated keys.
 */
export function jsonValueWriter(rules: ValueRules): WriteSpan {
  return ({ bytes }, begin, end, out) => new JsonCopier(bytes, begin, end, out, rules).copy();
}

class JsonCopier {
  private readonly source: Uint8Array;
  private at: number;
  private readonly end: number;
  private readonly out: ByteBuffer;
  private readonly rules: ValueRules;
  private depth: number;

  constructor(source: Uint8Array, begin: number, end: number, out: ByteBuffer, rules: ValueRules) {
    this.source = source;
    this.at = begin;
    this.end = end;
    this.out = out;
    this.rules = rules;
    this.depth = rules.depth;
  }

  copy(): void {
    for (this.skipSpace(); this.at < this.end; this.skipSpace()) this.copyToken(this.source[this.at]!);
  }

  private copyToken(byte: number): void {
    const kind = PUNCTUATION.get(byte);
    if (kind === undefined) this.copyWord();
    else if (kind === 'string') this.copyString();
    else this.copyPunctuation(kind, byte);
  }

  private copyPunctuation(kind: Exclude<TokenKind, 'string'>, byte: number): void {
    this.at++;
    if (kind === 'open') this.copyOpen(byte);
    else if (kind === 'close') this.copyClose(byte);
    else if (kind === 'colon') this.out.append(layoutOf('{}', this.rules).colon);
    else if (!this.isBeforeClose()) this.breakAfter(COMMA);
  }

  private copyOpen(byte: number): void {
    if (this.isBeforeClose()) {
      this.out.push(byte);
      this.out.push(this.source[this.at++]!);
      return;
    }
    this.depth++;
    this.breakAfter(byte);
  }

  private copyClose(byte: number): void {
    this.depth--;
    this.breakLine();
    this.out.push(byte);
  }

  private copyString(): void {
    const begin = this.at++;
    while (this.source[this.at] !== QUOTE) this.at += this.source[this.at] === BACKSLASH ? 2 : 1;
    this.at++;
    this.out.append(this.source, begin, this.at);
  }

  /** Numbers, `true`, `false`, `null`, and in any case `NaN`, `inf` and `Infinity` with a sign or without. */
  private copyWord(): void {
    const begin = this.at;
    while (this.at < this.end && this.isInWord()) this.at++;
    const infinite = this.nonfiniteAt(begin);
    if (infinite === undefined) this.out.append(this.source, begin, this.at);
    else if (!writeNonfinite(infinite, this.rules, this.out)) this.out.append(NULL);
  }

  private isInWord(): boolean {
    const byte = this.source[this.at]!;
    return byte > SPACE && !PUNCTUATION.has(byte);
  }

  private nonfiniteAt(begin: number): string | undefined {
    const isNegative = this.source[begin] === MINUS;
    const first = isNegative ? begin + 1 : begin;
    const start = String.fromCharCode(this.source[first]! | LOWER_CASE, this.source[first + 1]! | LOWER_CASE);
    if (start === 'na') return 'NaN';
    if (start === 'in') return isNegative ? '-Infinity' : 'Infinity';
    return undefined;
  }

  private isBeforeClose(): boolean {
    this.skipSpace();
    return PUNCTUATION.get(this.source[this.at]!) === 'close';
  }

  private skipSpace(): void {
    while (this.at < this.end && this.source[this.at]! <= SPACE) this.at++;
  }

  private breakAfter(byte: number): void {
    this.out.push(byte);
    this.breakLine();
  }

  private breakLine(): void {
    if (this.rules.indent > 0) this.out.append(TEXT.encode(lineBreak(this.rules.indent, this.depth)));
  }
}
