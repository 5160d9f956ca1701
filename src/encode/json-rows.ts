import type { Schema } from 'apache-arrow';
import { compileValue } from './compile-value.ts';
import { bindStruct } from './encode-nested.ts';
import { layoutOf, lineBreak } from './layout.ts';
import { projectColumns } from './projection.ts';
import type { Frame, RowEncoder, RowEncoderOptions } from './row-format.ts';
import type { ValueRules, WriteValue } from './value-writer.ts';

const TEXT = new TextEncoder();

const LINES: Frame = {
  open: new Uint8Array(0),
  separator: TEXT.encode('\n'),
  close: TEXT.encode('\n'),
  empty: new Uint8Array(0),
};

/** Rows as JSON objects: the elements of one array, or a line each (`ndjson`, which knows no `indent`). */
export function createJsonRowEncoder(schema: Schema, options: RowEncoderOptions): RowEncoder {
  const indent = options.format === 'ndjson' ? 0 : (options.indent ?? 0);
  const { fields, columnsOf } = projectColumns(schema, options.columns);
  const rules = (column: string, depth: number) => jsonRules(options, indent, column, depth);
  const bindRow = bindStruct(
    fields.map((field) => ({ name: field.name, bind: compileValue(field, rules(field.name, 2)) })),
    layoutOf('{}', rules('', 1)),
  );
  let write: WriteValue = failUnbound;
  return {
    frame: options.format === 'ndjson' ? LINES : arrayFrame(indent),
    bind: (batch) => {
      // The placeholders that apache-arrow makes of empty tables lack their nested columns.
      write = batch.numRows === 0 ? failUnbound : bindRow(columnsOf(batch));
    },
    encodeRow: (row, out) => {
      write(row, out);
    },
  };
}

function jsonRules(options: RowEncoderOptions, indent: number, column: string, depth: number): ValueRules {
  const { bigint = 'number', nonfinite = 'null' } = options;
  return { notation: 'json', bigint, nonfinite, indent, depth, column };
}

function arrayFrame(indent: number): Frame {
  const lead = lineBreak(indent, 1) || '\n';
  return {
    open: TEXT.encode(`[${lead}`),
    separator: TEXT.encode(`,${lead}`),
    close: TEXT.encode('\n]\n'),
    empty: TEXT.encode('[]\n'),
  };
}

function failUnbound(): never {
  throw new Error('encodeRow was called before bind');
}
