/** How the text of a CSV is written, as far as it can be decoded. */
export interface CsvDialect {
  /** One byte of ASCII. */
  readonly delimiter: string;
  /** One byte of ASCII, which stands within quotes as two; '' for no quoting. */
  readonly quote: string;
  /** Texts that are NULL, quoted or not. */
  readonly nulls: readonly string[];
}

/** Of bytes: a text is compared as one word. */
const LONGEST_NULL = 8;

/** Whether text of this dialect can be decoded. */
export function isDecodable({ delimiter, quote, nulls }: CsvDialect): boolean {
  const signs = quote === '' ? [delimiter] : [delimiter, quote];
  return (
    signs.every((sign) => /^[\t -~]$/.test(sign)) &&
    delimiter !== quote &&
    nulls.every((text) => Buffer.byteLength(text) <= LONGEST_NULL)
  );
}

/** A text for NULL that could be a value of a type other than text has to be looked for first. */
export function looksLikeValue(text: string): boolean {
  return /^[-0-9tf]/i.test(text);
}
