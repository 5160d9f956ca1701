import type { RecordBatch, Schema } from 'apache-arrow';
import { ByteBuffer } from '../encode/byte-buffer.ts';
import { encodeJson } from '../encode/encode-json.ts';
import { createRowEncoder } from '../encode/row-encoder.ts';
import { textTable } from '../report/text-table.ts';
import type { Terminal } from './terminal.ts';

interface Rows extends AsyncIterable<RecordBatch> {
  readonly schema: Schema;
}

/** Prints rows as a table, or as a JSON array with `json`. */
export async function showRows(rows: Rows, json: boolean, terminal: Terminal): Promise<void> {
  if (json) terminal.out(await encodeJson(rows, { schema: rows.schema, nonfinite: 'string' }));
  else terminal.out(await toTable(rows));
}

/** Values look in the table as they will in a JSON output, digit for digit. */
async function toTable(rows: Rows): Promise<string> {
  const names = rows.schema.fields.map(({ name }) => name);
  const cells: string[][] = [];
  const readers = names.map((name) => createCellReader(rows.schema, name));
  for await (const batch of rows) {
    for (const reader of readers) reader.bind(batch);
    for (let row = 0; row < batch.numRows; row++) cells.push(readers.map((reader) => reader.read(row)));
  }
  return textTable(names, cells);
}

interface CellReader {
  bind(batch: RecordBatch): void;
  read(row: number): string;
}

function createCellReader(schema: Schema, name: string): CellReader {
  const encoder = createRowEncoder(schema, { format: 'ndjson', columns: [name], nonfinite: 'string' });
  const before = JSON.stringify({ [name]: 0 }).length - '0}'.length;
  const out = new ByteBuffer();
  return {
    bind: (batch) => encoder.bind(batch),
    read: (row) => {
      out.clear();
      encoder.encodeRow(row, out);
      return toCell(new TextDecoder().decode(out.view()).slice(before, -'}'.length));
    },
  };
}

function toCell(json: string): string {
  if (json === 'null') return 'NULL';
  return json.startsWith('"') ? String(JSON.parse(json)) : json;
}
