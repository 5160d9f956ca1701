const MAX_WIDTH = 60;

/** Rows of texts as a table with its columns aligned; longer values are cut. Ends in a line break. */
export function textTable(
  names: readonly string[],
  rows: readonly (readonly string[])[],
  maxWidth = MAX_WIDTH,
): string {
  const shown = [names, ...rows].map((row) => row.map((text) => shorten(text, maxWidth)));
  const widths = names.map((_, column) =>
    shown.reduce((width, row) => Math.max(width, row[column]?.length ?? 0), 0),
  );
  const lines = shown.map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const rule = widths.map((width) => '─'.repeat(width)).join('  ');
  return `${[lines[0] ?? '', rule, ...lines.slice(1)].join('\n')}\n`;
}

function shorten(text: string, maxWidth: number): string {
  const line = text.replaceAll(/\s/g, ' ');
  return line.length > maxWidth ? `${line.slice(0, maxWidth - 1)}…` : line;
}
