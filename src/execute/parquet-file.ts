import { PitwallError } from '../error.ts';
import { tailBytes } from '../plan/parquet-footer.ts';
import { SparseFile, type SparseFileOptions } from '../storage/sparse-file.ts';
import { fillFiles } from './fill-files.ts';

const MAGIC = 'PAR1';
const MAGIC_BYTES = 4;
/** The magic and the footer's length before it. */
const END_BYTES = 8;
/** A further request takes longer than these bytes; a plan reads less, as it looks at files by the thousand. */
const LEAST_TAIL_BYTES = 128 * 1024;
/** One request for all costs less than several for parts. */
const WHOLE_BELOW_BYTES = 512 * 1024;

/**
 * A sparse local file that holds a Parquet object's footer, which is all that DuckDB needs to bind a query; small objects
 * whole.
 * https://parquet.apache.org/docs/file-format/
 *
 * @throws PitwallError (`data`) when the object does not begin and end as Parquet does
 */
export async function openParquet(options: SparseFileOptions, signal?: AbortSignal): Promise<SparseFile> {
  const file = await SparseFile.create(options);
  await fillFooter(file, signal);
  return file;
}

async function fillFooter(file: SparseFile, signal?: AbortSignal): Promise<void> {
  const { sizeBytes } = file;
  if (sizeBytes < MAGIC_BYTES + END_BYTES) throw notParquet(file, `it has ${sizeBytes} bytes`);
  const tail = sizeBytes <= WHOLE_BELOW_BYTES ? sizeBytes : Math.max(LEAST_TAIL_BYTES, tailBytes(sizeBytes));
  const head = { start: 0, end: MAGIC_BYTES };
  await fillFiles([{ file, spans: [head, { start: sizeBytes - tail, end: sizeBytes }] }], signal);
  await checkMagic(file, 'begins', 0);
  await checkMagic(file, 'ends', sizeBytes - MAGIC_BYTES);
  await fillFiles([{ file, spans: [{ start: await footerStart(file), end: sizeBytes }] }], signal);
}

async function checkMagic(file: SparseFile, where: 'begins' | 'ends', start: number): Promise<void> {
  const found = (await file.read({ start, end: start + MAGIC_BYTES })).toString('latin1');
  if (found !== MAGIC)
    throw notParquet(file, `it ${where} with ${JSON.stringify(found)}, expected "${MAGIC}"`);
}

/** Where the footer of a file begins whose last bytes are filled. @throws PitwallError (`data`) */
export async function footerStart(file: SparseFile): Promise<number> {
  const end = file.sizeBytes - END_BYTES;
  const length = (await file.read({ start: end, end: file.sizeBytes })).readUInt32LE(0);
  if (length > end - MAGIC_BYTES) throw notParquet(file, `its footer would be ${length} bytes long`);
  return end - length;
}

function notParquet({ url }: SparseFile, reason: string): PitwallError {
  const message = `not a readable Parquet file: ${reason}; make it again or set the input's format`;
  return new PitwallError('data', message, { place: { file: url } });
}
