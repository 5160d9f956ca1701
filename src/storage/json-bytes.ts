/**
 * What `JSON.stringify` gives of plain data, in UTF-8, made piece by piece: the whole text of a manifest of 100,000 files
 * would take as much memory again as its bytes.
 */
export function jsonBytes(value: object): Buffer {
  let size = 0;
  for (const piece of jsonPieces(value)) size += Buffer.byteLength(piece);
  const bytes = Buffer.allocUnsafe(size);
  let end = 0;
  for (const piece of jsonPieces(value)) end += bytes.write(piece, end);
  return bytes;
}

/** Each item of a list is a piece, and so is what is not made of lists and objects. */
function* jsonPieces(value: unknown): Generator<string> {
  if (Array.isArray(value)) yield* listPieces(value);
  else if (isPlainObject(value)) yield* objectPieces(value);
  else yield JSON.stringify(value) ?? 'null';
}

function* listPieces(items: readonly unknown[]): Generator<string> {
  let before = '[';
  for (const item of items) {
    yield `${before}${JSON.stringify(item) ?? 'null'}`;
    before = ',';
  }
  yield before === '[' ? '[]' : ']';
}

function* objectPieces(object: object): Generator<string> {
  let before = '{';
  for (const [key, value] of Object.entries(object)) {
    if (isLeftOut(value)) continue;
    yield `${before}${JSON.stringify(key)}:`;
    yield* jsonPieces(value);
    before = ',';
  }
  yield before === '{' ? '{}' : '}';
}

function isLeftOut(value: unknown): boolean {
  return value === undefined || typeof value === 'function' || typeof value === 'symbol';
}

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !('toJSON' in value);
}
