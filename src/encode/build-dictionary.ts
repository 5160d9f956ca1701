import { type Data, type DataType, type Dictionary, Field, Vector } from 'apache-arrow';
import { PitwallError } from '../error.ts';
import type { RowSelection } from './bit-builder.ts';
import { ByteBuffer } from './byte-buffer.ts';
import { type ColumnBuilder, type ColumnParts, NullableColumn } from './column.ts';
import { compileValue } from './compile-value.ts';
import { type ValueRules, writeOrNull } from './value-writer.ts';

/** Any notation that writes different values differently would do to compare them. */
const KEY_RULES: ValueRules = {
  notation: 'json',
  bigint: 'number',
  nonfinite: 'string',
  indent: 0,
  depth: 0,
  column: '',
};

/**
 * Dictionary columns. An IPC file has one dictionary for each, which may grow but not change, while batches
 * may come with a dictionary of their own each: the first is taken whole, so that an ENUM keeps its order,
 * and of later ones the values that occur and are new.
 */
export class DictionaryColumn extends NullableColumn {
  private readonly indexType: Dictionary['indices'];
  private readonly entries: ColumnBuilder;
  private readonly places = new Map<string, number>();
  private readonly chunks: Data[] = [];
  private indices: number[] = [];

  constructor(type: Dictionary, createColumnBuilder: (type: DataType) => ColumnBuilder) {
    super(type);
    this.indexType = type.indices;
    this.entries = createColumnBuilder(type.dictionary);
  }

  protected get valueBytes(): number {
    return this.indices.length * 4 + this.entries.sizeBytes;
  }

  protected appendValues(data: Data, rows: RowSelection, isValid: (row: number) => boolean): void {
    const placeOf = this.unify(data.dictionary ?? new Vector([]));
    for (let at = 0; at < rows.length; at++) {
      const row = rows[at]!;
      this.indices.push(isValid(row) ? placeOf(Number(data.values[row])) : 0);
    }
  }

  protected takeParts(): ColumnParts {
    const { indices, chunks } = this;
    this.indices = [];
    if (this.entries.length > 0 || chunks.length === 0) chunks.push(this.entries.take());
    return { values: this.packIndices(indices), dictionary: new Vector(chunks.slice()) };
  }

  private unify(dictionary: Vector): (index: number) => number {
    const isFirst = this.places.size === 0;
    const parts = dictionary.data.map((chunk) => this.placesIn(chunk));
    const placeOf = (index: number) => {
      let [part, within] = [0, index];
      while (within >= parts[part]!.length) within -= parts[part++]!.length;
      return parts[part]!.placeOf(within);
    };
    if (isFirst) for (let index = 0; index < dictionary.length; index++) placeOf(index);
    return placeOf;
  }

  private placesIn(chunk: Data): { length: number; placeOf: (index: number) => number } {
    const keyOf = keyReader(chunk);
    const known = new Int32Array(chunk.length).fill(-1);
    const placeOf = (index: number) => {
      if (known[index] === -1) known[index] = this.place(keyOf(index), chunk, index);
      return known[index]!;
    };
    return { length: chunk.length, placeOf };
  }

  private place(key: string, chunk: Data, index: number): number {
    const found = this.places.get(key);
    if (found !== undefined) return found;
    this.entries.append(chunk, [index]);
    this.places.set(key, this.places.size);
    return this.places.size - 1;
  }

  private packIndices(indices: readonly number[]): ArrayBufferView {
    const { bitWidth, isSigned } = this.indexType;
    const limit = 2 ** (bitWidth - (isSigned ? 1 : 0));
    if (this.places.size > limit) throw tooManyValues(this.places.size, limit);
    return new this.indexType.ArrayType(indices);
  }
}

function keyReader(chunk: Data): (index: number) => string {
  const write = compileValue(Field.new('', chunk.type), KEY_RULES)(chunk);
  const out = new ByteBuffer();
  return (index) => {
    out.clear();
    writeOrNull(write, index, out);
    return new TextDecoder().decode(out.view());
  };
}

function tooManyValues(count: number, limit: number): PitwallError {
  return new PitwallError(
    'data',
    `a dictionary column has ${count} different values, but its type has room for ${limit}; cast it to VARCHAR`,
  );
}
