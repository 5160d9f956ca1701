import type { PlannedFile } from '../plan/plan.ts';
import type { Storage } from '../storage/storage.ts';

const LF = 0x0a;

/** How many lines of a file lie between its header and the part that was read. */
export type LinesBefore = (file: PlannedFile) => Promise<number>;

/** For files of which nothing is left out. */
export const WHOLE_FILES: LinesBefore = async () => 0;

/** Counts the lines before parts, by reading what lies before them: only an error's place is worth that. */
export function linesBeforeParts(storage: Storage): LinesBefore {
  return async ({ url, part, bodyStart = 0 }) =>
    part?.kind === 'bytes'
      ? await countLines(storage.readStream(url, { start: bodyStart, end: part.start }))
      : 0;
}

async function countLines(chunks: AsyncIterable<Uint8Array>): Promise<number> {
  let lines = 0;
  for await (const chunk of chunks) {
    for (let at = chunk.indexOf(LF); at >= 0; at = chunk.indexOf(LF, at + 1)) lines++;
  }
  return lines;
}
