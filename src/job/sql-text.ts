/** A `$name` or `?` in SQL; `name` is undefined for `?`. */
export interface SqlParameter {
  readonly name: string | undefined;
  readonly offset: number;
  readonly length: number;
}

/** What can be told of SQL by its tokens alone. Offsets count UTF-16 units. */
export interface SqlOutline {
  readonly parameters: readonly SqlParameter[];
  /** Where each statement starts; empty when there are only comments. */
  readonly statements: readonly number[];
  /** Function names that are followed by a parenthesis, in lower case. */
  readonly calls: readonly { readonly name: string; readonly offset: number }[];
  /** Every word and quoted identifier, in lower case: among them the tables. */
  readonly words: ReadonlySet<string>;
}

/**
 * Finds parameters, statements and calls, past comments, strings, quoted identifiers and dollar quotes as
 * DuckDB's scanner reads them (https://duckdb.org/docs/stable/sql/dialect/overview). SQL that DuckDB would
 * refuse (an open string, say) gives some outline and no error.
 */
export function outlineSql(sql: string): SqlOutline {
  const outline = {
    parameters: [] as SqlParameter[],
    statements: [] as number[],
    calls: [] as { name: string; offset: number }[],
    words: new Set<string>(),
  };
  let fresh = true;
  for (const { kind, text, offset } of sqlTokens(sql)) {
    if (kind === 'semicolon') fresh = true;
    else if (fresh) {
      outline.statements.push(offset);
      fresh = false;
    }
    if (kind === 'word') outline.words.add(text.toLowerCase());
    if (text.startsWith('"')) outline.words.add(text.slice(1, -1).replaceAll('""', '"').toLowerCase());
    if (kind === 'parameter') outline.parameters.push(toParameter(text, offset));
    if (kind === 'call') outline.calls.push({ name: text.replace(/\s*\($/, '').toLowerCase(), offset });
  }
  return outline;
}

/** The names of the parameters, each once, in the order of first use. */
export function parameterNames({ parameters }: SqlOutline): string[] {
  return [...new Set(parameters.flatMap(({ name }) => (name === undefined ? [] : [name])))];
}

/** Puts another text in the place of each named parameter. Only for describing: values are always bound. */
export function replaceParameters(sql: string, replacement: (name: string) => string): string {
  const found = outlineSql(sql).parameters.toReversed();
  return found.reduce(
    (text, { name, offset, length }) =>
      name === undefined ? text : text.slice(0, offset) + replacement(name) + text.slice(offset + length),
    sql,
  );
}

type TokenKind = 'comment' | 'string' | 'parameter' | 'semicolon' | 'call' | 'word' | 'space' | 'symbol';

interface SqlToken {
  readonly kind: TokenKind;
  readonly text: string;
  readonly offset: number;
}

const TOKEN = new RegExp(
  [
    '(?<space>\\s+)',
    '(?<comment>--[^\\n]*)',
    `(?<string>[eE]'(?:[^'\\\\]|\\\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|(?<tag>\\$(?:[A-Za-z_]\\w*)?\\$).*?\\k<tag>)`,
    '(?<parameter>\\$\\w+|\\?)',
    '(?<semicolon>;)',
    '(?<call>[\\p{L}_][\\p{L}\\p{N}_$]*\\s*\\()',
    '(?<word>[\\p{L}\\p{N}_][\\p{L}\\p{N}_$]*)',
    '(?<symbol>.)',
  ].join('|'),
  'suy',
);

function* sqlTokens(sql: string): Generator<SqlToken> {
  let offset = 0;
  while (offset < sql.length) {
    const token = sql.startsWith('/*', offset) ? blockComment(sql, offset) : tokenAt(sql, offset);
    if (token.kind !== 'space' && token.kind !== 'comment') yield token;
    offset += token.text.length;
  }
}

function tokenAt(sql: string, offset: number): SqlToken {
  TOKEN.lastIndex = offset;
  const match = TOKEN.exec(sql);
  const kind = TOKEN_KINDS.find((name) => match?.groups?.[name] !== undefined) ?? 'symbol';
  return { kind, text: match?.[0] ?? sql.charAt(offset), offset };
}

const TOKEN_KINDS: readonly TokenKind[] = [
  'space',
  'word',
  'call',
  'symbol',
  'string',
  'comment',
  'parameter',
  'semicolon',
];

/** Block comments nest, as in PostgreSQL's scanner; one that stays open takes the rest. */
function blockComment(sql: string, start: number): SqlToken {
  let depth = 0;
  for (const { 0: mark, index } of sql.slice(start).matchAll(/\/\*|\*\//g)) {
    depth += mark === '/*' ? 1 : -1;
    if (depth === 0) return { kind: 'comment', text: sql.slice(start, start + index + 2), offset: start };
  }
  return { kind: 'comment', text: sql.slice(start), offset: start };
}

function toParameter(text: string, offset: number): SqlParameter {
  return { name: text === '?' ? undefined : text.slice(1), offset, length: text.length };
}

/** A single statement's text without its semicolon, as it can stand in parentheses; offsets stay as they are. */
export function statementText(sql: string): string {
  const semicolons = [...sqlTokens(sql)].filter(({ kind }) => kind === 'semicolon');
  return semicolons.reduce((text, { offset }) => `${text.slice(0, offset)} ${text.slice(offset + 1)}`, sql);
}
