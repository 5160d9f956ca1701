/** The ETag of a header without its quotes, as `StoredObject` has it. */
export function plainEtag(header: string): string {
  return header.replace(/^(?:W\/)?"(.*)"$/, '$1');
}

/** An ETag as headers want it. */
export function quotedEtag(etag: string): string {
  return `"${etag}"`;
}

/** Whether it is the MD5 of an object's bytes, unless the object is encrypted with a key of KMS or of a customer. */
export function isMd5Etag(etag: string): boolean {
  return /^[0-9a-f]{32}$/.test(etag);
}
