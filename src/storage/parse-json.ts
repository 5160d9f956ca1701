/** The value of a JSON text in UTF-8; `undefined` when it is none, as one that was cut. */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

/** Whether a value is an object that says to be of this version. */
export function isOfVersion<V extends number>(value: unknown, version: V): value is { readonly version: V } {
  return typeof value === 'object' && value !== null && 'version' in value && value.version === version;
}
