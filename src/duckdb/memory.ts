import koffi from 'koffi';
import { native, type Pointer } from './native.ts';

/**
 * A copy of `byteLength` bytes at `address`. Everything that leaves this room is such a copy: memory that
 * JavaScript owns cannot be used after it was released. Measured: 0.1 µs + 0.2 µs for 16 KiB.
 */
export function readBytes(address: Pointer, byteLength: number): Uint8Array<ArrayBuffer> {
  return copyInto(new Uint8Array(allocateUncleared(byteLength)), address);
}

function copyInto(bytes: Uint8Array<ArrayBuffer>, address: Pointer): Uint8Array<ArrayBuffer> {
  if (bytes.length > 0) native().copyMemory(bytes, address, bytes.length);
  return bytes;
}

/** All of it is written over at once; clearing it first takes a tenth of the time of handing rows out. */
function allocateUncleared(byteLength: number): ArrayBuffer {
  return Buffer.allocUnsafeSlow(byteLength).buffer as ArrayBuffer;
}

/** Room for what is copied of one batch: one allocation instead of three a column. */
export class BatchMemory {
  readonly #isReused: boolean;
  #buffer = new ArrayBuffer(0);
  #usedBytes = 0;

  /** @param isReused - the next batch is written over the one before */
  constructor(isReused: boolean) {
    this.#isReused = isReused;
  }

  /** Begins a batch. It will be about as large as the one before. */
  begin(): void {
    const isEnough = this.#usedBytes <= this.#buffer.byteLength;
    if (!this.#isReused || !isEnough) this.#buffer = allocateUncleared(this.#usedBytes);
    this.#usedBytes = 0;
  }

  /** Like `readBytes`, at the alignment that Arrow asks for. */
  readBytes(address: Pointer, byteLength: number): Uint8Array<ArrayBuffer> {
    const begin = this.#usedBytes;
    this.#usedBytes += Math.ceil(byteLength / 8) * 8;
    if (begin + byteLength > this.#buffer.byteLength) return readBytes(address, byteLength);
    return copyInto(new Uint8Array(this.#buffer, begin, byteLength), address);
  }
}

/** Where memory that does not move lies: that of WebAssembly, or of an ArrayBuffer that is held. */
export function addressOf(bytes: Uint8Array): bigint {
  return native().copyMemory(bytes, bytes, 0);
}

/** `count` 64-bit words at `address`: a C struct of pointers and int64, or an array of pointers. */
export function readWords(address: Pointer, count: number): BigInt64Array {
  return new BigInt64Array(readBytes(address, count * 8).buffer);
}

/** A NUL-terminated UTF-8 text; `undefined` at NULL. */
export function readText(address: Pointer): string | undefined {
  if (address === null || address === 0n) return undefined;
  return koffi.decode.string(address);
}

/** Word `index` of a struct; a missing one is a bug in the struct's declared length. */
export function word(words: BigInt64Array, index: number): bigint {
  const value = words[index];
  if (value === undefined) throw new RangeError(`word ${index} of a struct of ${words.length}`);
  return value;
}
