import type { RecordBatch, Schema } from 'apache-arrow';
import { ByteBuffer } from './byte-buffer.ts';
import { createRowEncoder, type RowEncoder, type RowEncoderOptions } from './row-encoder.ts';

export interface EncodeJsonOptions extends Omit<RowEncoderOptions, 'format' | 'csv'> {
  /** What the batches have; by default the schema of the first one. */
  readonly schema?: Schema;
}

/**
 * The rows of all batches as one JSON document, in UTF-8: an array with an object per row and line.
 * No batches make `[]`. Values and errors are those of `createRowEncoder`.
 */
export async function encodeJson(
  batches: Iterable<RecordBatch> | AsyncIterable<RecordBatch>,
  options: EncodeJsonOptions = {},
): Promise<Uint8Array> {
  const out = new ByteBuffer(1 << 16);
  const { schema, ...rules } = options;
  let encoder = schema && createRowEncoder(schema, { ...rules, format: 'json' });
  for await (const batch of batches) {
    encoder ??= createRowEncoder(batch.schema, { ...rules, format: 'json' });
    appendRows(encoder, batch, out);
  }
  return finishDocument(encoder, out);
}

function appendRows(encoder: RowEncoder, batch: RecordBatch, out: ByteBuffer): void {
  if (batch.numRows === 0) return;
  const { open, separator } = encoder.frame;
  out.append(out.length === 0 ? open : separator);
  encoder.bind(batch);
  encoder.encodeRows(0, batch.numRows, out);
  out.length -= separator.length;
}

function finishDocument(encoder: RowEncoder | undefined, out: ByteBuffer): Uint8Array {
  if (encoder === undefined) return new TextEncoder().encode('[]\n');
  out.append(out.length === 0 ? encoder.frame.empty : encoder.frame.close);
  return out.view();
}
