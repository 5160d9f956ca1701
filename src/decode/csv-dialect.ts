/** How the text of a CSV is written, as far as it can be decoded. */
export interface CsvDialect {
  /** One byte of ASCII. */
  readonly delimiter: string;
  /** One byte of ASCII; '' for no quoting. */
  readonly quote: string;
  /** Texts that are NULL, quoted or not. */
  readonly nulls: readonly string[];
}

/** Of bytes: a text is compared as one word. */
const LONGEST_NULL = 8;
/** That a scan looks for. */
export const MOST_NULLS = 255;

/** Whether text of this dialect can be decoded. A space is more than a sign to DuckDB, which skips those behind a quote. */
export function isDecodable({ delimiter, quote, nulls }: CsvDialect): boolean {
  const signs = quote === '' ? [delimiter] : [delimiter, quote];
  return (
    signs.every((sign) => /^[\t!-~]$/.test(sign)) &&
    delimiter !== quote &&
    nulls.length <= MOST_NULLS &&
    nulls.every((text) => isComparable(text) && !signs.some((sign) => text.includes(sign)))
  );
}

/** Values have no line ends. */
function isComparable(text: string): boolean {
  return Buffer.byteLength(text) <= LONGEST_NULL && !/[\r\n]/.test(text);
}

/** A text for NULL that could be a value of a type other than text has to be looked for first. */
export function looksLikeValue(text: string): boolean {
  return /^[-0-9tf]/i.test(text);
}
