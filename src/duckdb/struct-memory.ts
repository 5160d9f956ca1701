import { addressOf } from './memory.ts';

const ALIGNMENT = 8;

/** Memory that C structs are written into; it lies still for as long as this is held. */
export class StructMemory {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #address: bigint;
  #used = 0;

  constructor(byteLength: number) {
    this.#bytes = new Uint8Array(byteLength);
    this.#view = new DataView(this.#bytes.buffer);
    this.#address = addressOf(this.#bytes);
  }

  /** Writes 64-bit words behind one another and gives their address. */
  words(words: readonly (bigint | number)[]): bigint {
    const at = this.#take(words.length * 8);
    this.#write(at, words);
    return this.#address + BigInt(at);
  }

  /** Writes words over those at an address that `words` gave. */
  rewrite(address: bigint, words: readonly (bigint | number)[]): void {
    this.#write(Number(address - this.#address), words);
  }

  /** A NUL-terminated text. */
  text(text: string): bigint {
    const bytes = Buffer.from(`${text}\0`);
    const at = this.#take(bytes.length);
    this.#bytes.set(bytes, at);
    return this.#address + BigInt(at);
  }

  #write(at: number, words: readonly (bigint | number)[]): void {
    for (const [index, value] of words.entries())
      this.#view.setBigUint64(at + index * 8, BigInt(value), true);
  }

  #take(byteLength: number): number {
    const at = this.#used;
    this.#used = Math.ceil((at + byteLength) / ALIGNMENT) * ALIGNMENT;
    if (this.#used > this.#bytes.length) throw new RangeError('the memory for structs is full');
    return at;
  }
}
