/** Room for ` … [cut, 9007199254740991 bytes in all]`. */
const MARK_BYTES = 48;

/** A text of at most so many bytes of UTF-8 (64 at least), cut between two characters and marked where it is longer. */
export function cutText(text: string, mostBytes: number): string {
  const bytes = Buffer.byteLength(text);
  if (bytes <= mostBytes) return text;
  return `${firstBytes(text, mostBytes - MARK_BYTES)} … [cut, ${bytes} bytes in all]`;
}

function firstBytes(text: string, most: number): string {
  const { written } = new TextEncoder().encodeInto(text, new Uint8Array(most));
  return Buffer.from(text).subarray(0, written).toString();
}
