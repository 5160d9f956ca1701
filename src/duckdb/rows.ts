import { DataType, type Field, type RecordBatch } from 'apache-arrow';

/** A row of a small result, by column name. */
export type Row = Record<string, unknown>;

/** All rows as objects: for small results (counts, names); large ones stay Arrow. */
export async function toRows(batches: AsyncIterable<RecordBatch>): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const batch of batches) {
    for (let index = 0; index < batch.numRows; index++) rows.push(toRow(batch, index));
  }
  return rows;
}

function toRow(batch: RecordBatch, index: number): Row {
  return Object.fromEntries(
    batch.schema.fields.map((field, column) => {
      const value: unknown = batch.getChildAt(column)?.get(index) ?? null;
      return [field.name, value === null ? null : toValue(field, value)];
    }),
  );
}

function toValue(field: Field, value: unknown): unknown {
  if (DataType.isDecimal(field.type)) return decimalText(String(value), field.type.scale);
  return EXTENSIONS[extensionName(field)]?.(value) ?? value;
}

/** Types that Arrow lacks, by the name that DuckDB marks their columns with. */
const EXTENSIONS: Record<string, (value: unknown) => unknown> = {
  hugeint: (value) => BigInt.asIntN(128, toInteger(value)),
  uhugeint: toInteger,
};

function extensionName({ metadata }: Field): string {
  const name = metadata.get('ARROW:extension:name') ?? '';
  if (name !== 'arrow.opaque') return name;
  const opaque: { type_name?: string } = JSON.parse(metadata.get('ARROW:extension:metadata') ?? '{}');
  return opaque.type_name ?? name;
}

/** Little-endian bytes as a whole number without sign. */
function toInteger(bytes: unknown): bigint {
  if (!(bytes instanceof Uint8Array)) throw new TypeError('expected the bytes of an integer');
  return bytes.reduceRight((integer, byte) => (integer << 8n) | BigInt(byte), 0n);
}

/** `-12345` of scale 2 → `-123.45` */
function decimalText(unscaled: string, scale: number): string {
  const [, sign = '', digits = ''] = /^(-?)(\d+)$/.exec(unscaled) ?? [];
  if (scale === 0) return sign + digits;
  const padded = digits.padStart(scale + 1, '0');
  return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
}
