import { AsyncByteQueue, Data, RecordBatch, RecordBatchFileWriter, Schema, Struct } from 'apache-arrow';
import type { RowSelection } from './bit-builder.ts';
import { appendAll } from './build-nested.ts';
import { createColumnBuilder } from './column-builder.ts';
import { projectColumns } from './projection.ts';

/** Takes the bytes of a file in order; they are valid during the call only. */
export type ByteSink = (bytes: Uint8Array) => void;

export interface IpcFileOptions {
  /** Names of the columns to write, in this order; all in the order of the schema by default. */
  readonly columns?: readonly string[];
  /** Rows that make a record batch of the file; 65,536 by default. */
  readonly rowsPerBatch?: number;
}

/** Writes one Arrow IPC file. */
export interface IpcFileWriter {
  /** About the memory of the rows that wait for their record batch to fill up. */
  readonly pendingBytes: number;
  /** Copies rows of `batch`, all by default; its buffers may go away afterwards. */
  append(batch: RecordBatch, rows?: RowSelection): void;
  /** Writes the rows that wait as a record batch, to free their memory. */
  flush(): void;
  /** Writes the rest and the footer. The file is whole, with or without rows. */
  finish(): void;
}

/**
 * A writer of rows of batches that have `schema` as an Arrow IPC file
 * (https://arrow.apache.org/docs/format/Columnar.html#ipc-file-format): every type as it is, with the
 * metadata of its field. The bytes depend on the rows and `flush`es alone, not on how they came in batches.
 * Throws a PitwallError of kind `job` for a column that the schema lacks.
 */
export function createIpcFileWriter(
  schema: Schema,
  sink: ByteSink,
  { columns, rowsPerBatch = 65_536 }: IpcFileOptions = {},
): IpcFileWriter {
  const { fields, columnsOf } = projectColumns(schema, columns);
  const output = new Schema([...fields], schema.metadata);
  const rowType = new Struct(output.fields);
  const builders = fields.map((field) => createColumnBuilder(field.type));
  const writer = openWriter(output, sink);
  let pendingRows = 0;

  function flush(): void {
    if (pendingRows === 0) return;
    const children = builders.map((builder) => builder.take());
    writer.write(new RecordBatch(output, new Data(rowType, 0, pendingRows, 0, {}, children)));
    pendingRows = 0;
  }

  function appendChunk(batchColumns: readonly Data[], rows: RowSelection): void {
    appendAll(builders, batchColumns, rows);
    pendingRows += rows.length;
    if (pendingRows === rowsPerBatch) flush();
  }

  return {
    get pendingBytes() {
      return builders.reduce((total, builder) => total + builder.sizeBytes, 0);
    },
    append: (batch, rows = allRows(batch)) => {
      const batchColumns = columnsOf(batch);
      for (let from = 0; from < rows.length; ) {
        const chunk = sliceRows(rows, from, rowsPerBatch - pendingRows);
        appendChunk(batchColumns, chunk);
        from += chunk.length;
      }
    },
    flush,
    finish: () => {
      flush();
      writer.close();
    },
  };
}

function sliceRows(rows: RowSelection, from: number, count: number): RowSelection {
  if (from === 0 && rows.length <= count) return rows;
  return Int32Array.from({ length: Math.min(count, rows.length - from) }, (_row, at) => rows[from + at]!);
}

function allRows(batch: RecordBatch): RowSelection {
  return Int32Array.from({ length: batch.numRows }, (_row, at) => at);
}

/** apache-arrow's writer, with the schema written at once: a file without batches has one too. */
function openWriter(schema: Schema, sink: ByteSink): RecordBatchFileWriter {
  const writer = new RecordBatchFileWriter();
  writer.reset(new SinkQueue(sink), schema);
  return writer;
}

/** Passes on what the writer would keep in a queue until somebody reads it. */
class SinkQueue extends AsyncByteQueue {
  private readonly sink: ByteSink;

  constructor(sink: ByteSink) {
    super();
    this.sink = sink;
  }

  override write(value: Uint8Array): void {
    this.sink(value);
  }
}
