/** Whether a url is one of an object store: DuckDB and Node's file system cannot open it. */
export function isRemote(url: string): boolean {
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(url);
}

/** How many small objects are best read or written side by side: what a disk can do at a time, or what hides a round trip. */
export function objectsAtOnce(url: string): number {
  return isRemote(url) ? 64 : 16;
}
