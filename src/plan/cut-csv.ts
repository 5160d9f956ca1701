import { isRemote, objectsAtOnce } from '../storage/is-remote.ts';
import type { Storage } from '../storage/storage.ts';
import { mapConcurrent } from './map-concurrent.ts';
import type { PlannedFile } from './plan.ts';

const LINE_FEED = 0x0a;
const READ_BYTES = 64 * 1024;
/** DuckDB refuses a line of over 2 MB: where so many bytes hold no end of one, lines do not end in LF. */
const LONGEST_LINE = 8 * 1024 * 1024;

/**
 * A CSV file in parts of about `targetBytes` that begin where a line does: its body from `bodyStart` to the end, each
 * byte once. A file whose lines do not end in LF is one part.
 *
 * @param bodyStart - where the first record behind the header begins
 */
export async function cutCsv(
  storage: Storage,
  file: PlannedFile,
  bodyStart: number,
  targetBytes: number,
): Promise<PlannedFile[]> {
  const starts = await partStarts(storage, file, bodyStart, targetBytes);
  if (starts.length < 2) return [file];
  return starts.map((start, index) => {
    const end = starts[index + 1] ?? file.sizeBytes;
    return { ...file, sizeBytes: end - start, ...objectBytes(file), part: { kind: 'bytes', start, end } };
  });
}

/** Of an object whose part is read the whole size has to be known: it is a part of its version. */
function objectBytes({ url, sizeBytes }: PlannedFile): Pick<PlannedFile, 'objectBytes'> {
  return isRemote(url) ? { objectBytes: sizeBytes } : {};
}

async function partStarts(
  storage: Storage,
  file: PlannedFile,
  bodyStart: number,
  targetBytes: number,
): Promise<number[]> {
  const { sizeBytes } = file;
  const parts = Math.ceil((sizeBytes - bodyStart) / targetBytes);
  const nominal = Array.from(
    { length: parts - 1 },
    (_, index) => bodyStart + Math.round(((index + 1) * (sizeBytes - bodyStart)) / parts),
  );
  const lines = await mapConcurrent(nominal, objectsAtOnce(file.url), (at) => nextLine(storage, file, at));
  const starts = lines.flatMap((line) => (line === undefined || line >= sizeBytes ? [] : [line]));
  return lines.includes(undefined) ? [bodyStart] : [...new Set([bodyStart, ...starts])];
}

/**
 * The first start of a line at or behind an offset; the file's size when the last line is under way there; `undefined`
 * when there is none for longer than a line can be.
 */
async function nextLine(storage: Storage, version: PlannedFile, offset: number): Promise<number | undefined> {
  const { url, sizeBytes } = version;
  const from = offset - 1;
  for (let start = from; start < Math.min(sizeBytes, from + LONGEST_LINE); start += READ_BYTES) {
    const bytes = await storage.read(url, { start, end: start + READ_BYTES, version });
    const at = bytes.indexOf(LINE_FEED);
    if (at >= 0) return start + at + 1;
  }
  return sizeBytes - from <= LONGEST_LINE ? sizeBytes : undefined;
}
