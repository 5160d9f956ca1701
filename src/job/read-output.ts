import { OUTPUT_KEYS, warnOfIdleKeys } from './idle-keys.ts';
import type { Output, OutputFormat, PathPart } from './job.ts';
import type { RenderContext } from './job-context.ts';
import type { OutputFile } from './output-file.ts';
import { locationProblem, splitRoot } from './output-root.ts';
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
import { findName, suggest } from './suggest.ts';
import type { YamlPath } from './yaml-source.ts';

const FORMATS: Readonly<Record<string, OutputFormat>> = {
  json: 'json',
  ndjson: 'ndjson',
  jsonl: 'ndjson',
  csv: 'csv',
  parquet: 'parquet',
  pq: 'parquet',
  arrow: 'arrow',
  feather: 'arrow',
};

/**
 * Renders an output. Reports a path that names unknown params or columns, that lacks a partition column (two
 * partitions would write one file), or that leaves its root, and a format that cannot be told.
 *
 * @param path - where the job file has the output
 */
export function readOutput(
  output: OutputFile,
  partitionBy: readonly string[],
  path: YamlPath,
  context: RenderContext,
): Output | undefined {
  const pathKey = [...path, 'path'];
  const pieces = parseTemplate(output.path);
  checkPathParams(pieces, pathKey, context);
  checkPlaceholders(pieces, partitionBy, pathKey, context);
  if (!isRenderable(pieces, context.params)) return undefined;
  const [lead] = pieces;
  const leadLength = lead?.kind === 'param' ? paramText(lead.name, context.params).length : 0;
  const parts = renderPieces(pieces, partitionBy, context);
  const location = splitRoot(parts, leadLength);
  const problem = locationProblem(parts, leadLength, location);
  if (problem !== undefined) {
    context.report.error(context.source.place(pathKey), problem);
    return undefined;
  }
  const format = output.format ?? readFormat(location.path, pathKey, context);
  if (output.format !== undefined || hasOwnExtension(pieces))
    warnOfIdleKeys(path, format, OUTPUT_KEYS, context);
  return {
    ...readEncoding(output),
    template: output.path,
    root: absolutePath(location.root, context.cwd).replace(/(?<=[^/])\/+$/, ''),
    path: location.path,
    format,
  };
}

function readEncoding(output: OutputFile): Omit<Output, 'template' | 'root' | 'path' | 'format'> {
  return {
    indent: output.indent,
    omit: output.omit,
    keepPartitionColumns: output.keep_partition_columns,
    empty: output.empty,
    bigint: output.bigint,
    nonfinite: output.nonfinite,
    nullAs: output.null_as,
    emptyAs: output.empty_as,
    unsafeValues: output.unsafe_values,
    delimiter: output.delimiter,
    header: output.header,
    compression: output.compression,
  };
}

function checkPlaceholders(
  pieces: readonly TemplatePiece[],
  partitionBy: readonly string[],
  path: YamlPath,
  { source, report }: RenderContext,
): void {
  const placeholders = pieces.filter((piece) => piece.kind === 'placeholder');
  for (const { name, text } of placeholders) {
    if (name === 'run' || findName(name, partitionBy) !== undefined) continue;
    const message = `"${text}" in the path is not in partition_by; ${suggest(name, [...partitionBy, 'run'])}`;
    report.error(source.placeWithin(path, text), message);
  }
  for (const column of partitionBy) {
    if (placeholders.some(({ name }) => findName(name, [column]) !== undefined)) continue;
    const message = `the path lacks "{${column}}": without it all partitions by ${column} would write the same file`;
    report.error(source.place(path), message);
  }
}

/** The path with its params rendered, neighbouring texts joined. */
function renderPieces(
  pieces: readonly TemplatePiece[],
  partitionBy: readonly string[],
  { params }: RenderContext,
): PathPart[] {
  const parts: PathPart[] = [];
  for (const piece of pieces) {
    const part = renderPiece(
      piece,
      partitionBy,
      piece.kind === 'param' ? paramText(piece.name, params) : piece.text,
    );
    const last = parts.at(-1);
    if (part.kind === 'text' && last?.kind === 'text')
      parts.splice(-1, 1, { ...part, text: last.text + part.text });
    else parts.push(part);
  }
  return parts;
}

function renderPiece(piece: TemplatePiece, partitionBy: readonly string[], text: string): PathPart {
  if (piece.kind !== 'placeholder') return { kind: 'text', text };
  const column = findName(piece.name, partitionBy);
  return column === undefined ? { kind: 'run' } : { kind: 'column', column };
}

function readFormat(
  path: readonly PathPart[],
  pathKey: YamlPath,
  { source, report }: RenderContext,
): OutputFormat {
  const last = path.at(-1);
  const format = last?.kind === 'text' ? FORMATS[extension(last.text)] : undefined;
  if (format !== undefined) return format;
  const message =
    'the format cannot be told from the path: add "format: json", ndjson, csv, parquet or arrow';
  report.error(source.place(pathKey), message);
  return 'json';
}
