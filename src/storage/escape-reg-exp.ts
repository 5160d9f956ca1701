/** The text as a regular expression that matches just it: JavaScript's and DuckDB's (RE2), outside of `[…]`. */
export function escapeRegExp(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
