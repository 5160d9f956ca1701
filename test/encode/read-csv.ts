/** A cell as its text, or null where it was empty without quotes. */
export type Cell = string | null;

/** CSV by RFC 4180, read a character at a time: an independent check of what was written. */
export function readCsv(csv: string, delimiter = ',', quote = '"'): Cell[][] {
  const rows: Cell[][] = [];
  let row: Cell[] = [];
  for (let at = 0; at < csv.length; at++) {
    let cell: Cell = null;
    if (csv[at] === quote) {
      cell = '';
      for (at++; csv[at] !== quote || csv[at + 1] === quote; at++) {
        if (csv[at] === quote) at++;
        cell += csv[at];
      }
      at++;
    } else {
      for (; csv[at] !== delimiter && csv[at] !== '\n'; at++) cell = (cell ?? '') + csv[at];
    }
    row.push(cell);
    if (csv[at] === delimiter) {
      if (csv[at + 1] === undefined) throw new Error('the last line has no end');
      continue;
    }
    rows.push(row);
    row = [];
  }
  return rows;
}
