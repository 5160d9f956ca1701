import type { RecordBatch } from 'apache-arrow';

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
    batch.schema.fields.map((field, column) => [field.name, batch.getChildAt(column)?.get(index) ?? null]),
  );
}
