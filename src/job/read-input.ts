import { INPUT_KEYS, warnOfIdleKeys } from './idle-keys.ts';
import type { InputFile } from './input-file.ts';
import type { Column, Input, InputFormat } from './job.ts';
import type { JobContext, RenderContext } from './job-context.ts';
import {
  absolutePath,
  checkPathParams,
  extension,
  hasOwnExtension,
  isRenderable,
  paramText,
  parseTemplate,
  type TemplatePiece,
} from './path-template.ts';
import { findName, repeatedNames, suggest } from './suggest.ts';
import { shownPath } from './text-place.ts';
import type { YamlPath } from './yaml-source.ts';

const FORMATS: Readonly<Record<string, InputFormat>> = {
  csv: 'csv',
  tsv: 'csv',
  txt: 'csv',
  parquet: 'parquet',
  pq: 'parquet',
  ndjson: 'ndjson',
  jsonl: 'ndjson',
  json: 'json',
};

/** Renders one input; reports unknown params and placeholders, a format that cannot be told, repeated columns. */
export function readInput(name: string, input: InputFile, context: RenderContext): Input {
  const path: YamlPath = ['inputs', name];
  const columns = readColumns(path, input, context);
  checkColumnNames(path, input, columns, context);
  const templates = readTemplates([...path, 'path'], input.path);
  for (const template of templates) checkTemplate(template, columns, context);
  const paths = templates.map((template) => renderPath(template, context));
  const dialect = readDialect(input, paths);
  checkSigns(path, dialect, context);
  const renderable = templates.every(({ pieces }) => isRenderable(pieces, context.params));
  const format = input.format ?? (renderable ? readFormat(path, paths, context) : 'csv');
  if (input.format !== undefined || templates.every(({ pieces }) => hasOwnExtension(pieces)))
    warnOfIdleKeys(path, format, INPUT_KEYS, context);
  return {
    ...dialect,
    name,
    paths,
    format,
    columns,
    pathColumns: [...new Set(templates.flatMap((template) => readPathColumns(template, columns)))],
  };
}

/** A path as it is written, with the place where it is. */
interface PathTemplate {
  readonly text: string;
  readonly pieces: readonly TemplatePiece[];
  readonly path: YamlPath;
}

function readTemplates(path: YamlPath, written: string | readonly string[]): PathTemplate[] {
  if (typeof written === 'string') return [{ text: written, pieces: parseTemplate(written), path }];
  return written.map((text, index) => ({ text, pieces: parseTemplate(text), path: [...path, index] }));
}

type Dialect = Omit<Input, 'name' | 'paths' | 'format' | 'columns' | 'pathColumns'>;

function readDialect(input: InputFile, paths: readonly string[]): Dialect {
  return {
    nulls: input.nulls,
    rowNumber: input.row_number,
    delimiter: input.delimiter ?? (paths.every(isTsv) ? '\t' : ','),
    quote: input.quote,
    escape: input.escape ?? input.quote,
    header: input.header,
    headerMatch: input.header_match,
    dateFormat: input.date_format,
    timestampFormat: input.timestamp_format,
    decimal: input.decimal,
    thousands: input.thousands,
    encoding: input.encoding,
    compression: input.compression,
    extraColumns: input.extra_columns,
    newlinesInValues: input.newlines_in_values,
    strict: input.strict,
    allowEmpty: input.allow_empty,
  };
}

/** In the order of the file, which an object loses for names that are numbers. */
function readColumns(path: YamlPath, { columns }: InputFile, { source }: JobContext): Column[] {
  return source.keys([...path, 'columns']).flatMap((name) => {
    const type = Object.hasOwn(columns, name) ? columns[name] : undefined;
    return type === undefined ? [] : [{ name, type }];
  });
}

function checkColumnNames(
  path: YamlPath,
  input: InputFile,
  columns: readonly Column[],
  context: JobContext,
): void {
  const { source, report } = context;
  const names = columns.map((column) => column.name);
  for (const name of repeatedNames(names)) {
    const message = `the column "${name}" is declared twice: SQL does not tell capitals apart; rename one of them`;
    report.error(source.keyPlace([...path, 'columns', name]), message);
  }
  if (input.row_number !== undefined && findName(input.row_number, names) !== undefined) {
    const message = `row_number adds the column "${input.row_number}", which "columns" declares too; choose another name`;
    report.error(source.place([...path, 'row_number']), message);
  }
}

/** A sign of a CSV that means two things would cut its values in the wrong places. */
function checkSigns(path: YamlPath, dialect: Dialect, { source, report }: JobContext): void {
  const { delimiter, quote, decimal, thousands } = dialect;
  const clashes = [
    { key: 'quote', other: 'delimiter', clash: quote === delimiter },
    { key: 'decimal', other: 'delimiter', clash: decimal === delimiter },
    { key: 'thousands', other: 'decimal', clash: thousands === decimal },
    { key: 'thousands', other: 'delimiter', clash: thousands === delimiter },
  ];
  for (const { key, other } of clashes.filter(({ clash }) => clash)) {
    report.error(
      source.place([...path, key]),
      `"${key}" and "${other}" are the same sign; choose another for one`,
    );
  }
}

/** A param that --set gave and that leads the path is relative to the working directory, as in a shell. */
function renderPath({ pieces }: PathTemplate, { params, set, cwd, folder }: RenderContext): string {
  const text = pieces
    .map((piece) => (piece.kind === 'param' ? paramText(piece.name, params) : piece.text))
    .join('');
  const [first] = pieces;
  const leads = first?.kind === 'param' && Object.hasOwn(set, first.name);
  return absolutePath(text, leads ? cwd : folder);
}

function checkTemplate(
  { pieces, path }: PathTemplate,
  columns: readonly Column[],
  context: RenderContext,
): void {
  checkPathParams(pieces, path, context);
  const names = columns.map((column) => column.name);
  for (const piece of pieces) {
    if (piece.kind !== 'placeholder' || findName(piece.name, names) !== undefined) continue;
    const message = `"${piece.text}" in the path is not a declared column; ${suggest(piece.name, names)}`;
    context.report.error(context.source.placeWithin(path, piece.text), message);
  }
}

/** The columns of placeholders, and the keys of hive folders where a column of that name is declared. */
function readPathColumns({ text, pieces }: PathTemplate, columns: readonly Column[]): string[] {
  const names = columns.map((column) => column.name);
  const placeholders = pieces.flatMap((piece) => (piece.kind === 'placeholder' ? [piece.name] : []));
  const hiveKeys = [...text.matchAll(/(?:^|\/)([^/={}$]+)=(?=[^/]*\/)/g)].map(([, key]) => key ?? '');
  return [...placeholders, ...hiveKeys].flatMap((name) => findName(name, names) ?? []);
}

function readFormat(path: YamlPath, paths: readonly string[], context: JobContext): InputFormat {
  const formats = new Set(paths.map(formatOf));
  const [format] = formats;
  if (format !== undefined && formats.size === 1) return format;
  const shown = paths.map((one) => `"${shownPath(one, context.cwd)}"`).join(', ');
  const message = `the format cannot be told from the path ${shown}: add "format: csv", parquet, ndjson or json`;
  context.report.error(context.source.place([...path, 'path']), message);
  return 'csv';
}

function formatOf(path: string): InputFormat | undefined {
  return FORMATS[extension(path)];
}

function isTsv(path: string): boolean {
  return extension(path) === 'tsv';
}
