import { setMaxListeners } from 'node:events';
import { mapConcurrent } from '../plan/map-concurrent.ts';
import { mergeSpans, type Span, splitSpan } from '../storage/spans.ts';
import type { HeldByte, SparseFile } from '../storage/sparse-file.ts';

export interface FillRequest {
  readonly file: SparseFile;
  readonly spans: readonly Span[];
  /**
   * Where the structures of the file begin, ascending. None of them can be read while its first byte is zero, and that
   * one is written when all else of the request is there: so no reader, at whatever time, sees half of one.
   */
  readonly starts?: readonly number[];
}

/** Fetching the bytes between two spans costs less than another request, which waits for a round trip (decision 0012). */
const GAP_BYTES = 64 * 1024;
const PART_BYTES = 8 * 1024 * 1024;
const CONCURRENT_REQUESTS = 32;

/**
 * Fetches what the files still lack of the spans.
 *
 * @throws PitwallError; none of what was asked for can then be read
 */
export async function fillFiles(requests: readonly FillRequest[], stop?: AbortSignal): Promise<void> {
  const signal = forMany(stop);
  const fills = requests.map(({ file, spans, starts = [] }) => ({
    file,
    starts,
    spans: spansToFetch(file, spans),
    held: [] as HeldByte[],
  }));
  const parts = fills.flatMap((fill) =>
    fill.spans.flatMap((span) => splitSpan(span, PART_BYTES)).map((part) => ({ ...fill, part })),
  );
  await mapConcurrent(parts, CONCURRENT_REQUESTS, async ({ file, starts, held, part }) => {
    signal?.throwIfAborted();
    held.push(...(await file.fetch(part, startsIn(starts, part), signal)));
  });
  for (const { file, spans, held } of fills) await file.release(spans, held);
}

/** A signal that any number of requests may listen to. */
function forMany(signal?: AbortSignal): AbortSignal | undefined {
  if (signal === undefined) return undefined;
  const own = AbortSignal.any([signal]);
  setMaxListeners(0, own);
  return own;
}

/** What is filled already stays as it is: it may be read at this moment. */
function spansToFetch(file: SparseFile, spans: readonly Span[]): Span[] {
  return file.missing(mergeSpans(file.missing(spans), GAP_BYTES));
}

function startsIn(starts: readonly number[], { start, end }: Span): number[] {
  return starts.filter((at) => at >= start && at < end);
}
