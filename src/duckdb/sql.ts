/** An SQL identifier, quoted: any text is safe in it. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A file's path as a text literal that DuckDB takes for this file alone, whatever glob characters its name has. */
export function quotePath(path: string): string {
  return quoteLiteral(globLiterally(path));
}

/** The glob that matches just this path. */
export function globLiterally(path: string): string {
  return path.replace(/[*?[]/g, '[$&]');
}

/** An SQL text literal, quoted: any text is safe in it. */
export function quoteLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
