import type { RecordBatch, Schema } from 'apache-arrow';
import { encodeJson } from '../encode/encode-json.ts';
import { textTable } from '../report/text-table.ts';
import type { Terminal } from './terminal.ts';

interface Rows extends AsyncIterable<RecordBatch> {
  readonly schema: Schema;
}

/** Prints rows as a table, or as a JSON array with `json`. */
export async function showRows(rows: Rows, json: boolean, terminal: Terminal): Promise<void> {
  const document = await encodeJson(rows, { schema: rows.schema, nonfinite: 'string', bigint: 'string' });
  if (json) terminal.out(document);
  else terminal.out(toTable(rows.schema, document));
}

/** Values look in the table as they will in a JSON output. */
function toTable(schema: Schema, document: Uint8Array): string {
  const names = schema.fields.map(({ name }) => name);
  const objects = JSON.parse(new TextDecoder().decode(document)) as Record<string, unknown>[];
  return textTable(
    names,
    objects.map((object) => names.map((name) => toCell(object[name]))),
  );
}

function toCell(value: unknown): string {
  if (value === null || value === undefined) return 'NULL';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
