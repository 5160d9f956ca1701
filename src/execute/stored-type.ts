import { quoteIdentifier } from '../duckdb/sql.ts';

/** Types of one word that Parquet keeps as they are, whatever stands in parentheses. */
const KEPT =
  /^(BOOLEAN|U?(TINY|SMALL|BIG)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL|VARCHAR|BLOB|UUID|DATE|TIME|TIMESTAMP|TIMESTAMP WITH TIME ZONE)(\(.*\))?$/;

/** Types whose text DuckDB reads back as the same value. */
const AS_TEXT =
  /^(U?HUGEINT|BIGNUM|BIT|INTERVAL|JSON|TIME_NS|TIMESTAMP_(S|MS|NS)|TIME WITH TIME ZONE|ENUM\(.*\))$/s;

/**
 * The type in which a column's values lie in Parquet, so that a cast to it and back gives the same values: DuckDB would
 * make HUGEINT a DOUBLE, cut an INTERVAL to milliseconds and drop an ENUM's order. `undefined` for a type of which
 * none is known: UNION, VARIANT and what DuckDB may bring.
 *
 * @param type - as DuckDB prints it
 */
export function storedType(type: string): string | undefined {
  const element = /^(.*)\[\d*\]$/s.exec(type)?.[1];
  if (element !== undefined) return mapTypes([element], ([stored]) => `${stored}[]`);
  const fields = argumentsOf('STRUCT', type)?.map(parseField);
  if (fields !== undefined)
    return mapTypes(
      fields.map((field) => field.type),
      (stored) => `STRUCT(${fields.map(({ name }, index) => `${name} ${stored[index]}`).join(', ')})`,
    );
  const map = argumentsOf('MAP', type);
  if (map !== undefined) return mapTypes(map, (stored) => `MAP(${stored.join(', ')})`);
  if (KEPT.test(type)) return type;
  return AS_TEXT.test(type) ? 'VARCHAR' : undefined;
}

/** SQL that gives a column another type; the column itself where it has that type. */
export function castColumn(name: string, from: string, to: string): string {
  const column = quoteIdentifier(name);
  return from === to ? column : `CAST(${column} AS ${to}) AS ${column}`;
}

function mapTypes(
  types: readonly string[],
  compose: (stored: readonly string[]) => string,
): string | undefined {
  const stored = types.map(storedType);
  return stored.some((type) => type === undefined) ? undefined : compose(stored.map((type) => type ?? ''));
}

/** What stands between `NAME(` and `)`, cut at the commas that are in no parentheses and no quotes. */
function argumentsOf(name: string, type: string): string[] | undefined {
  if (!type.startsWith(`${name}(`) || !type.endsWith(')')) return undefined;
  return splitArguments(type.slice(name.length + 1, -1));
}

const PIECE = /"(?:[^"]|"")*"|'(?:[^']|'')*'|[(),]|[^"'(),]+/g;

function splitArguments(text: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const [piece] of text.matchAll(PIECE)) {
    if (piece === '(') depth++;
    if (piece === ')') depth--;
    if (piece === ',' && depth === 0) parts.push('');
    else parts[parts.length - 1] += piece;
  }
  return parts.map((part) => part.trim());
}

function parseField(text: string): { readonly name: string; readonly type: string } {
  const [, name = '', type = ''] = /^("(?:[^"]|"")*"|\S+)\s+(.*)$/s.exec(text) ?? [];
  return { name, type };
}
