/** Ascending numbers, shortly: `[0, 1, 2, 7]` → `0-2,7` */
export function formatRanges(numbers: readonly number[]): string {
  const ranges: [first: number, last: number][] = [];
  for (const number of numbers) {
    const range = ranges.at(-1);
    if (range !== undefined && range[1] === number - 1) range[1] = number;
    else ranges.push([number, number]);
  }
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',');
}

/** The number at a place, counted from 0, of such a text; `undefined` behind its end, and of another text. */
export function numberAt(ranges: string, place: number): number | undefined {
  let before = 0;
  for (const range of ranges.split(',')) {
    const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(range) ?? [];
    if (first === undefined) return undefined;
    const size = Number(last) - Number(first) + 1;
    if (place < before + size) return Number(first) + place - before;
    before += size;
  }
  return undefined;
}
