import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DecodedColumn, decodedColumn, SKIPPED } from '../../src/decode/column-kind.ts';
import { layOutRows, type RowLayout, TEXT_BYTES, writeLayout } from '../../src/decode/row-layout.ts';

const TYPES = [
  'TINYINT',
  'SMALLINT',
  'INTEGER',
  'BIGINT',
  'VARCHAR',
  'DOUBLE',
  'DECIMAL(9,2)',
  'BOOLEAN',
  'DATE',
];
const COLUMNS = TYPES.flatMap((type) => decodedColumn(type) ?? []);
const PAGE = 64 * 1024;

const someColumns = fc.array(fc.constantFrom(SKIPPED, ...COLUMNS), { minLength: 1, maxLength: 40 });

interface Place {
  readonly start: number;
  readonly end: number;
}

/** Everything that is written or read, with the margins that a scan looks at. */
function placesOf({ columns, batches, capacity, textBytes, dialect }: RowLayout): Place[] {
  const of = (start: number, bytes: number) => ({ start, end: start + bytes });
  const values = batches.flatMap(({ places }) =>
    places.flatMap(({ values, validity }, index) => [
      of(values, capacity * (columns[index]?.bytes ?? 0)),
      of(validity, capacity / 8),
    ]),
  );
  const texts = batches.map(({ text }) => of(text - 64, textBytes + 128));
  const structs = batches.flatMap(({ places }) => places.map(({ column }) => of(column, 40)));
  return [of(dialect, 16 + 255 * 16), ...structs, ...texts, ...values];
}

describe('the layout of rows', () => {
  it('has no two places that overlap, all of them in its pages and behind the first', () => {
    fc.assert(
      fc.property(someColumns, fc.integer({ min: 1, max: 6 }), (columns, batches) => {
        const layout = layOutRows(columns, batches);
        const places = placesOf(layout).filter(({ start, end }) => end > start);
        places.sort((a, b) => a.start - b.start);
        for (const [index, { start }] of places.entries())
          expect(start).toBeGreaterThanOrEqual(places[index - 1]?.end ?? PAGE);
        expect(places.at(-1)?.end).toBeLessThanOrEqual(layout.pages * PAGE);
        expect(layout.batches).toHaveLength(batches);
      }),
    );
  });

  it('aligns values, and its rows are whole words of a bitmap', () => {
    fc.assert(
      fc.property(someColumns, (columns) => {
        const { batches, capacity } = layOutRows(columns, 3);
        expect(capacity % 64).toBe(0);
        for (const { values, validity } of batches.flatMap(({ places }) => places))
          expect([values % 64, validity % 64]).toEqual([0, 0]);
      }),
    );
  });

  it.each([
    ['narrow', ['TINYINT'], 128 * 1024],
    ['wide', new Array(1000).fill('VARCHAR'), 1024],
  ])('has so many rows a batch for %s text', (_, types: readonly string[], expected) => {
    const layout = layOutRows(
      types.flatMap((type) => decodedColumn(type) ?? []),
      2,
    );
    expect(layout.capacity).toBe(expected);
    expect(layout.textBytes).toBeGreaterThan(TEXT_BYTES);
  });

  it('is written for each batch, with limits and texts for NULL', () => {
    const columns: DecodedColumn[] = [
      SKIPPED,
      ...['SMALLINT', 'DECIMAL(9,2)'].flatMap((type) => decodedColumn(type) ?? []),
    ];
    const layout = layOutRows(columns, 2);
    const buffer = new ArrayBuffer(layout.pages * PAGE);
    writeLayout(buffer, layout, { delimiter: ';', quote: '', nulls: ['', '0', 'null'] });
    const view = new DataView(buffer);
    const { dialect } = layout;
    expect([0, 1, 3].map((at) => view.getUint8(dialect + at))).toEqual([0x3b, 0, 1]);
    expect([4, 8].map((at) => view.getUint32(dialect + at, true))).toEqual([4, 3]);
    expect(Buffer.from(buffer, dialect + 16 + 2 * 16 + 8, 8).toString()).toBe('null\0\0\0\0');
    for (const { places } of layout.batches) {
      expect(places.map(({ column }) => view.getUint32(column, true))).toEqual([0, 3, 7]);
      const [, small, decimal] = places.map(({ column }) => column);
      expect(view.getBigInt64((small ?? 0) + 16, true)).toBe(-32768n);
      expect(view.getBigInt64((small ?? 0) + 24, true)).toBe(32767n);
      expect(view.getUint32((decimal ?? 0) + 32, true)).toBe(2);
    }
  });
});
