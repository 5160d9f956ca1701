import type { Data } from 'apache-arrow';

/** A column's validity bitmap; `undefined` where no value is NULL. */
export function nullBitmapOf({ nullBitmap, nullCount }: Data): Uint8Array | undefined {
  return nullCount === 0 || nullBitmap === undefined || nullBitmap.length === 0 ? undefined : nullBitmap;
}

/** Which rows of a batch, in which order. */
export type RowSelection = ArrayLike<number>;

/** Whether a value is there, as a function of its row; unions keep that in their children. */
export function validityOf(data: Data): (row: number) => boolean {
  const { offset } = data;
  const nullBitmap = nullBitmapOf(data);
  if (nullBitmap === undefined) return () => true;
  return (row) => isBitSet(nullBitmap, offset + row);
}

/** Whether bit `at` is set, the least significant of a byte being the first. */
export function isBitSet(bits: Uint8Array, at: number): boolean {
  return (bits[at >> 3]! & (1 << (at & 7))) !== 0;
}

/** A growing bitmap, least significant bit first. */
export class BitBuilder {
  private bytes = new Uint8Array(64);
  private length = 0;
  zeros = 0;

  get sizeBytes(): number {
    return this.length >> 3;
  }

  append(bit: boolean): void {
    if (this.length === this.bytes.length * 8) this.grow();
    if (bit) this.bytes[this.length >> 3]! |= 1 << (this.length & 7);
    else this.zeros++;
    this.length++;
  }

  /** A copy of the bits. */
  bits(): Uint8Array {
    return this.bytes.slice(0, (this.length + 7) >> 3);
  }

  clear(): void {
    this.bytes.fill(0);
    this.length = 0;
    this.zeros = 0;
  }

  private grow(): void {
    const larger = new Uint8Array(this.bytes.length * 2);
    larger.set(this.bytes);
    this.bytes = larger;
  }
}
