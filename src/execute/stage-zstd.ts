import { type FileHandle, open } from 'node:fs/promises';
import { PitwallError } from '../error.ts';

const FRAME_MAGIC = 0xfd2fb528;
const WINDOW_BYTES = 256 * 1024;
/** Magic, descriptor, window, dictionary id and content size at their longest. */
const MOST_HEADER_BYTES = 18;

/**
 * Walks the frames and blocks of a zstd file, without decompressing, to see that it ends where its last frame
 * does: DuckDB 1.5 reads what is there of a cut file and says nothing; damage inside a block it does find.
 * https://www.rfc-editor.org/rfc/rfc8878#section-3
 *
 * @param file - the name for messages
 * @throws PitwallError (`data`) when the file is cut or its frames are not zstd's
 */
export async function verifyZstd(file: string, path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    const reader = new WindowReader(handle);
    let offset = 0;
    while (offset < size) offset = await frameEnd(reader, offset, file);
    if (offset > size) throw cut(file);
  } finally {
    await handle.close();
  }
}

/** Reads small pieces at growing offsets, a window at a time. Past the end there are fewer bytes. */
class WindowReader {
  readonly #handle: FileHandle;
  readonly #window = Buffer.alloc(WINDOW_BYTES);
  #start = 0;
  #length = 0;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async at(offset: number, length: number): Promise<Buffer> {
    if (offset < this.#start || offset + length > this.#start + this.#length) {
      const { bytesRead } = await this.#handle.read(this.#window, 0, WINDOW_BYTES, offset);
      this.#start = offset;
      this.#length = bytesRead;
    }
    const from = offset - this.#start;
    return this.#window.subarray(from, Math.min(from + length, this.#length));
  }
}

async function frameEnd(reader: WindowReader, offset: number, file: string): Promise<number> {
  const header = await reader.at(offset, MOST_HEADER_BYTES);
  if (header.length < 8) throw cut(file);
  const magic = header.readUInt32LE(0);
  if (magic >>> 4 === 0x184d2a5) return offset + 8 + header.readUInt32LE(4);
  if (magic !== FRAME_MAGIC) throw damaged(file, `byte ${offset} starts no zstd frame`);
  const descriptor = header.readUInt8(4);
  const end = await lastBlockEnd(reader, offset + headerBytes(descriptor), file);
  return end + (descriptor & 4 ? 4 : 0);
}

function headerBytes(descriptor: number): number {
  const singleSegment = (descriptor & 0x20) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const contentSizeBytes = [singleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  return 5 + (singleSegment ? 0 : 1) + dictionaryBytes + contentSizeBytes;
}

async function lastBlockEnd(reader: WindowReader, start: number, file: string): Promise<number> {
  let offset = start;
  for (;;) {
    const header = await reader.at(offset, 3);
    if (header.length < 3) throw cut(file);
    const bits = header.readUIntLE(0, 3);
    const type = (bits >> 1) & 3;
    if (type === 3) throw damaged(file, `the block at byte ${offset} is of no known type`);
    offset += 3 + (type === 1 ? 1 : bits >> 3);
    if (bits & 1) return offset;
  }
}

function cut(file: string): PitwallError {
  return new PitwallError(
    'data',
    'the zstd file is cut: it ends before its data does; make or copy it again',
    {
      place: { file },
    },
  );
}

function damaged(file: string, what: string): PitwallError {
  return new PitwallError('data', `the zstd file is damaged: ${what}; make or copy it again`, {
    place: { file },
  });
}
