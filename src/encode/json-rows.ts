import type { Schema } from 'apache-arrow';
import { compileValue } from './compile-value.ts';
import { compileColumn } from './compiled-columns.ts';
import { compiledRows, isWorthCompiling } from './compiled-rows.ts';
import { bindStruct, leadOf } from './encode-nested.ts';
import { type Layout, layoutOf, lineBreak } from './layout.ts';
import { projectColumns } from './projection.ts';
import { rowByRow } from './row-by-row.ts';
import type { Frame, RowEncoder, RowEncoderOptions } from './row-format.ts';
import type { ValueRules } from './value-writer.ts';

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
  const named = fields.map((field) => ({
    name: field.name,
    bind: compileValue(field, rules(field.name, 2)),
  }));
  const layout = layoutOf('{}', rules('', 1));
  const frame = options.format === 'ndjson' ? LINES : arrayFrame(indent);
  const columns = fields.map((field) => compileColumn(field, rules(field.name, 2)));
  const bindRow = bindStruct(named, layout);
  if (!isWorthCompiling(columns)) return rowByRow(frame, (batch) => bindRow(columnsOf(batch)));
  const leads = [...named.map(({ name }, at) => leadOf(name, at === 0, layout)), endOf(layout, frame)];
  return compiledRows({ frame, columns, leads, columnsOf, binds: named.map(({ bind }) => bind), bindRow });
}

function endOf({ close }: Layout, { separator }: Frame): Uint8Array {
  return Buffer.concat([close, separator]);
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
