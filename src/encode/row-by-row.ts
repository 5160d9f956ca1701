import type { RecordBatch } from 'apache-arrow';
import type { ByteBuffer } from './byte-buffer.ts';
import type { Frame, RowEncoder } from './row-format.ts';

/** Appends a row. */
export type WriteRow = (row: number, out: ByteBuffer) => void;

/** An encoder that writes value by value; `bindRow` turns to a batch, which has rows. */
export function rowByRow(frame: Frame, bindRow: (batch: RecordBatch) => WriteRow): RowEncoder {
  let write: WriteRow = failUnbound;
  return {
    frame,
    bind: (batch) => {
      write = batch.numRows === 0 ? failUnbound : bindRow(batch);
    },
    encodeRow: (row, out) => write(row, out),
    encodeRows: (begin, end, out) => {
      let lastBegin = out.length;
      for (let row = begin; row < end; row++) {
        lastBegin = out.length;
        write(row, out);
        out.append(frame.separator);
      }
      return lastBegin;
    },
  };
}

export function failUnbound(): never {
  throw new Error('encodeRow was called before bind');
}
