export interface CsvQuoting {
  readonly delimiter: string;
  /** '' for no quoting. */
  readonly quote: string;
  readonly escape: string;
}

/**
 * The values of a CSV's first record (https://www.rfc-editor.org/rfc/rfc4180; LF, CRLF or CR end it), or `undefined` when
 * `text` ends before the record does. With `complete` the end of the text ends the record too.
 */
export function parseFirstRecord(text: string, quoting: CsvQuoting, complete: boolean): string[] | undefined {
  const reader = new RecordReader(text, quoting);
  const values = [reader.value()];
  while (reader.skip(quoting.delimiter)) values.push(reader.value());
  if (reader.open || (reader.atEnd && !complete)) return undefined;
  return values;
}

/** Where the record after the first begins, in characters of `text`; `undefined` when `text` ends before the record does. */
export function firstRecordEnd(text: string, quoting: CsvQuoting): number | undefined {
  const reader = new RecordReader(text, quoting);
  do reader.value();
  while (reader.skip(quoting.delimiter));
  if (reader.open || reader.atEnd) return undefined;
  if (!reader.skip('\r\n') && !reader.skip('\n')) reader.skip('\r');
  return reader.place;
}

class RecordReader {
  readonly #text: string;
  readonly #quoting: CsvQuoting;
  #at = 0;
  /** The text ended inside quotes. */
  open = false;

  constructor(text: string, quoting: CsvQuoting) {
    this.#text = text;
    this.#quoting = quoting;
  }

  get atEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  get place(): number {
    return this.#at;
  }

  skip(expected: string): boolean {
    if (expected === '' || !this.#text.startsWith(expected, this.#at)) return false;
    this.#at += expected.length;
    return true;
  }

  value(): string {
    return this.skip(this.#quoting.quote) ? this.#quoted() : this.#bare();
  }

  #bare(): string {
    const start = this.#at;
    while (!this.atEnd && !this.#endsValue()) this.#at++;
    return this.#text.slice(start, this.#at);
  }

  #endsValue(): boolean {
    const character = this.#text.charAt(this.#at);
    return (
      character === '\n' || character === '\r' || this.#text.startsWith(this.#quoting.delimiter, this.#at)
    );
  }

  #quoted(): string {
    const { quote, escape: before } = this.#quoting;
    let value = '';
    while (!this.atEnd) {
      if (before !== '' && this.skip(before + quote)) value += quote;
      else if (this.skip(quote)) return value + this.#bare();
      else value += this.#text.charAt(this.#at++);
    }
    this.open = true;
    return value;
  }
}
