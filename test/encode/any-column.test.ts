import { tableFromIPC } from 'apache-arrow';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createIpcFileWriter } from '../../src/encode/ipc-file.ts';
import { anyColumn } from './any-column.ts';
import { batchOf, encodeFile } from './columns.ts';
import { readCsv } from './read-csv.ts';

const columnWithValues = anyColumn(3).chain((column) =>
  fc.tuple(fc.constant(column), fc.array(column.value, { maxLength: 12 }), fc.nat(12), fc.nat(12)),
);

test('any values of any nesting come back from JSON.parse, also out of a slice', () => {
  fc.assert(
    fc.property(columnWithValues, fc.integer({ min: 0, max: 2 }), ([column, values, from, count], indent) => {
      const batch = batchOf({ v: column.build(values) }).slice(from, from + count);
      const rows = values.slice(from, from + count).map((v) => ({ v }));
      expect(JSON.parse(encodeFile([batch], { format: 'json', indent }))).toEqual(rows);
    }),
    { numRuns: 500 },
  );
});

test('the JSON in CSV cells is the JSON of ndjson', () => {
  fc.assert(
    fc.property(columnWithValues, ([column, values]) => {
      const rows = values.map((value) => (value === null ? null : { value }));
      const nested = batchOf({ v: column.build(values), n: column.build(values) });
      const csv = readCsv(encodeFile([nested], { format: 'csv' })).slice(1);
      expect(csv.length).toBe(rows.length);
      for (const [at, [cell]] of csv.entries()) {
        if (typeof values[at] === 'object')
          expect(cell === null ? null : JSON.parse(cell!)).toEqual(values[at]);
        else expect(cell).toBe(String(values[at]));
      }
    }),
  );
});

test('any values come back from an IPC file, in batches of any size and any order of rows', () => {
  const sizes = fc.integer({ min: 1, max: 5 });
  fc.assert(
    fc.property(
      columnWithValues,
      sizes,
      fc.array(fc.nat()),
      ([column, values, from, count], rowsPerBatch, picks) => {
        const batch = batchOf({ v: column.build(values) }).slice(from, from + count);
        const rows = picks.map((pick) => pick % Math.max(batch.numRows, 1)).slice(0, batch.numRows * 9);
        const chunks: Uint8Array[] = [];
        const writer = createIpcFileWriter(batch.schema, (bytes) => chunks.push(bytes.slice()), {
          rowsPerBatch,
        });
        writer.append(batch);
        writer.append(batch, rows);
        writer.finish();
        const table = tableFromIPC(Buffer.concat(chunks));
        const own = values.slice(from, from + count);
        const written = table.batches.length === 0 ? '[]\n' : encodeFile(table.batches, { format: 'json' });
        expect(JSON.parse(written)).toEqual([...own, ...rows.map((row) => own[row])].map((v) => ({ v })));
      },
    ),
    { numRuns: 300 },
  );
});
