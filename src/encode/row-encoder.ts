import type { Schema } from 'apache-arrow';
import { createCsvRowEncoder } from './csv-rows.ts';
import { createJsonRowEncoder } from './json-rows.ts';
import type { RowEncoder, RowEncoderOptions } from './row-format.ts';

export type { CsvOptions, Frame, RowEncoder, RowEncoderOptions, RowFormat } from './row-format.ts';

/**
 * An encoder of the rows of batches that have `schema`.
 *
 * Values: integers and decimals exactly; floating-point numbers as the shortest text that reads back the
 * same; `2024-07-07`, `2024-07-07T14:00:00.000` (with `Z` where the type has a time zone), `14:00:00`,
 * `P1Y2M3DT4H5M6.789S`; binary values as base64; lists as arrays, structs as objects (as arrays where their
 * fields have no names), maps with text as keys as objects and others as arrays of pairs, unions as the
 * value in them. JSON columns are embedded as the values that they are. In CSV, nested values are JSON.
 *
 * Throws a PitwallError of kind `job` for a column that the schema lacks or an impossible CSV dialect;
 * `encodeRow` throws one of kind `data` for NaN or an infinity where `nonfinite` is `error`.
 */
export function createRowEncoder(schema: Schema, options: RowEncoderOptions): RowEncoder {
  return options.format === 'csv'
    ? createCsvRowEncoder(schema, options)
    : createJsonRowEncoder(schema, options);
}
