/** Bytes from `start` up to, not including, `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** The bytes of all spans in order, without overlaps; spans with no more than `gapBytes` between them become one. */
export function mergeSpans(spans: readonly Span[], gapBytes = 0): Span[] {
  const merged: Span[] = [];
  for (const span of spans.filter(isFilled).toSorted((a, b) => a.start - b.start)) {
    const last = merged.at(-1);
    if (last === undefined || span.start > last.end + gapBytes) merged.push(span);
    else merged.splice(-1, 1, { start: last.start, end: Math.max(last.end, span.end) });
  }
  return merged;
}

function isFilled({ start, end }: Span): boolean {
  return end > start;
}

/** The bytes of `spans` that are not in `taken`, in order. Both are as `mergeSpans` gives them. */
export function subtractSpans(spans: readonly Span[], taken: readonly Span[]): Span[] {
  const left: Span[] = [];
  let next = 0;
  for (const { start, end } of spans) {
    while ((taken[next]?.end ?? Number.POSITIVE_INFINITY) <= start) next++;
    left.push(...holesOf({ start, end }, taken, next));
  }
  return left;
}

/** @param first - the first of `taken` that can reach into the span */
function holesOf({ start, end }: Span, taken: readonly Span[], first: number): Span[] {
  const holes: Span[] = [];
  let at = start;
  for (let index = first; at < end; index++) {
    const { start: stop, end: resume } = taken[index] ?? { start: end, end };
    holes.push({ start: at, end: Math.min(stop, end) });
    at = stop >= end ? end : resume;
  }
  return holes.filter(isFilled);
}

/** The span in parts of at most `partBytes`, of about the same size. */
export function splitSpan({ start, end }: Span, partBytes: number): Span[] {
  const count = Math.ceil((end - start) / partBytes);
  const bound = (index: number) => start + Math.round(((end - start) * index) / count);
  return Array.from({ length: count }, (_, index) => ({ start: bound(index), end: bound(index + 1) }));
}

export function countBytes(spans: readonly Span[]): number {
  return spans.reduce((total, { start, end }) => total + end - start, 0);
}
