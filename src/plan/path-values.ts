import { PitwallError } from '../error.ts';
import { escapeRegExp } from '../storage/escape-reg-exp.ts';
import { isGlob } from '../storage/glob.ts';

const HIVE_NULL = '__HIVE_DEFAULT_PARTITION__';

/** A path template as a glob: each `{column}` of `columns` becomes `*`. */
export function templateGlob(template: string, columns: readonly string[]): string {
  return columns.reduce((glob, column) => glob.replaceAll(`{${column}}`, '*'), template);
}

/**
 * The text that a file's path gives to each of the input's path columns: from a `{column}` placeholder of the template, or
 * else from a hive folder `column=…`. Percent escapes are decoded; Hive's name for NULL is `null`; an empty text stays one.
 *
 * @throws PitwallError (`data`) when the path lacks a column
 */
export function pathValues(url: string, template: string, columns: readonly string[]): (string | null)[] {
  return pathReader(template, columns)(url);
}

/** The same for many files of one template. */
export function pathReader(template: string, columns: readonly string[]): (url: string) => (string | null)[] {
  const expression = templateRegExp(template, columns);
  return (url) => {
    const groups = expression?.exec(url)?.groups ?? {};
    return columns.map((column, index) => {
      const text = groups[`c${index}`] ?? hiveValue(url, column);
      if (text === undefined) throw missingValue(url, template, column);
      return text === HIVE_NULL ? null : decodePercent(text);
    });
  };
}

/** A column that stands in the template twice has one value in both places. */
function templateRegExp(template: string, columns: readonly string[]): RegExp | undefined {
  const seen = new Set<number>();
  const source = splitTemplate(template, columns).map((piece) => {
    const index = columns.findIndex((column) => piece === `{${column}}`);
    if (index < 0) return globSource(piece);
    const source = seen.has(index) ? `\\k<c${index}>` : `(?<c${index}>[^/]*?)`;
    seen.add(index);
    return source;
  });
  return seen.size === 0 ? undefined : new RegExp(`^${source.join('')}$`, 's');
}

function splitTemplate(template: string, columns: readonly string[]): string[] {
  const placeholders = columns.map((column) => escapeRegExp(`{${column}}`));
  return template.split(new RegExp(`(${placeholders.join('|')})`));
}

const GLOB_PIECE = /\*\*\/?|\*|\?|\[!?[^\]]+\]|\{[^{}]*,[^{}]*\}|[^*?[{]+|./gs;

function globSource(text: string): string {
  return (text.match(GLOB_PIECE) ?? []).map(pieceSource).join('');
}

function pieceSource(piece: string): string {
  if (piece === '**/') return '(?:.*/)?';
  if (piece === '**') return '.*';
  if (piece === '*') return '[^/]*';
  if (piece === '?') return '[^/]';
  if (/^\[.+\]$/s.test(piece)) return `[${piece.slice(1, -1).replace(/^!/, '^').replaceAll('\\', '\\\\')}]`;
  if (/^\{.*\}$/s.test(piece)) return `(?:${piece.slice(1, -1).split(',').map(globSource).join('|')})`;
  return escapeRegExp(piece);
}

function hiveValue(url: string, column: string): string | undefined {
  const folder = url.split('/').findLast((segment) => segment.startsWith(`${column}=`));
  return folder?.slice(column.length + 1);
}

/** Bytes that are no UTF-8 stay escaped. */
function decodePercent(text: string): string {
  return text.replaceAll(/(?:%[0-9a-f]{2})+/gi, (escaped) => {
    try {
      return decodeURIComponent(escaped);
    } catch {
      return escaped;
    }
  });
}

function missingValue(url: string, template: string, column: string): PitwallError {
  const other = url
    .split('/')
    .find((segment) => segment.toLowerCase().startsWith(`${column.toLowerCase()}=`));
  const got =
    other === undefined ? 'the path has none' : `the path has ${JSON.stringify(other)} in another spelling`;
  const where = isGlob(template) ? `; move the file or narrow the pattern ${template}` : '';
  return new PitwallError('data', `expected a folder ${column}=…, ${got}${where}`, { place: { file: url } });
}
