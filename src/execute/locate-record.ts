import { createReadStream } from 'node:fs';
import type { Input } from '../job/job.ts';

const LF = 0x0a;
const CR = 0x0d;

/** A record of a CSV: the line it starts on, counted from 1, what ends it, and whether it holds nothing. */
export interface CsvRecord {
  readonly line: number;
  readonly ending: 'LF' | 'CRLF' | 'CR';
  readonly blank: boolean;
}

export type CsvSyntax = Pick<Input, 'delimiter' | 'quote' | 'escape' | 'header'>;

/**
 * The line on which the record of a number (from 1, without the header) starts. Counts as DuckDB does, which passes
 * over blank lines unless there is one column. For files in UTF-8 or a one-byte encoding, uncompressed.
 */
export async function lineOfRecord(
  path: string,
  record: number,
  syntax: CsvSyntax,
  columns: number,
): Promise<number | undefined> {
  let left = record + (syntax.header ? 1 : 0);
  const found = await findRecord(path, syntax, ({ blank }) => (blank && columns > 1 ? false : --left === 0));
  return found?.line;
}

/** The first record that ends in another way than the first one does. */
export async function firstMixedEnding(
  path: string,
  syntax: CsvSyntax,
): Promise<{ first: CsvRecord; other: CsvRecord } | undefined> {
  let first: CsvRecord | undefined;
  const other = await findRecord(path, syntax, (record) => {
    first ??= record;
    return record.ending !== first.ending;
  });
  return first && other && { first, other };
}

async function findRecord(
  path: string,
  syntax: CsvSyntax,
  wanted: (record: CsvRecord) => boolean,
): Promise<CsvRecord | undefined> {
  const walker = new RecordWalker(syntax);
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    for (const record of walker.feed(chunk)) if (wanted(record)) return record;
  }
  return walker.rest().find(wanted);
}

/** Follows quotes and line ends through a file's chunks. A quote opens where a value starts. */
class RecordWalker {
  readonly #quote: number | undefined;
  readonly #escape: number | undefined;
  readonly #delimiterEnd: number | undefined;
  #line = 1;
  #recordLine = 1;
  #previous = -1;
  #bytes = 0;
  #quoted = false;
  #escaped = false;

  constructor({ quote, escape: before, delimiter }: CsvSyntax) {
    this.#quote = Buffer.from(quote)[0];
    this.#escape = before === quote ? undefined : Buffer.from(before)[0];
    this.#delimiterEnd = Buffer.from(delimiter).at(-1);
  }

  *feed(chunk: Buffer): Generator<CsvRecord> {
    for (const byte of chunk) {
      if (this.#previous === CR) yield* this.#endLine(byte === LF ? 'CRLF' : 'CR');
      if (byte === LF && this.#previous !== CR) yield* this.#endLine('LF');
      if (byte !== LF && byte !== CR) this.#take(byte);
      this.#previous = byte;
    }
  }

  /** What the end of the file ends. */
  rest(): CsvRecord[] {
    const ended = this.#previous === CR ? [...this.#endLine('CR')] : [];
    return this.#bytes === 0 ? ended : [...ended, { line: this.#recordLine, ending: 'LF', blank: false }];
  }

  #take(byte: number): void {
    this.#bytes++;
    if (this.#escaped) this.#escaped = false;
    else if (this.#quoted && byte === this.#escape) this.#escaped = true;
    else if (byte === this.#quote) this.#quoted = !this.#quoted && this.#opens();
  }

  /** A doubled quote closes and opens again. */
  #opens(): boolean {
    return this.#bytes === 1 || this.#previous === this.#delimiterEnd || this.#previous === this.#quote;
  }

  *#endLine(ending: CsvRecord['ending']): Generator<CsvRecord> {
    this.#line++;
    if (this.#quoted) return;
    yield { line: this.#recordLine, ending, blank: this.#bytes === 0 };
    this.#recordLine = this.#line;
    this.#bytes = 0;
  }
}
