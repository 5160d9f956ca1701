import type { Data, RecordBatch, Schema } from 'apache-arrow';

/** The place of a column in the schema, whatever the case of its name; -1 when there is none. */
export function columnIndex(schema: Schema, name: string): number {
  return schema.fields.findIndex((field) => field.name.toLowerCase() === name.toLowerCase());
}

/** The buffers of a batch's column. */
export function columnData(batch: RecordBatch, index: number): Data {
  const data = batch.data.children[index];
  if (data === undefined) throw new RangeError(`the batch has no column ${index}`);
  return data;
}
