/** Whether a url is one of an object store: DuckDB and Node's file system cannot open it. */
export function isRemote(url: string): boolean {
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(url);
}
