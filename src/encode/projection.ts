import type { Data, Field, RecordBatch, Schema } from 'apache-arrow';
import { PitwallError } from '../error.ts';

/** Some of a schema's columns, in the order in which they are written. */
export interface Projection {
  readonly fields: readonly Field[];
  /** The same columns of a batch. */
  columnsOf(batch: RecordBatch): readonly Data[];
}

/**
 * The columns named by `names`, all when it is undefined. Throws a PitwallError of kind `job` for a name
 * that the schema lacks.
 */
export function projectColumns(schema: Schema, names?: readonly string[]): Projection {
  const indices = names?.map((name) => indexOf(schema, name)) ?? schema.fields.map((_field, at) => at);
  return {
    fields: indices.map((at) => schema.fields[at]!),
    columnsOf: (batch) => indices.map((at) => batch.data.children[at]!),
  };
}

function indexOf(schema: Schema, name: string): number {
  const at = schema.fields.findIndex((field) => field.name === name);
  if (at >= 0) return at;
  const known = schema.fields.map((field) => `"${field.name}"`).join(', ');
  throw new PitwallError('job', `no column "${name}" to write; the rows have ${known || 'no columns'}`);
}
