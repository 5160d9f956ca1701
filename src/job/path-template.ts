import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isRemote } from '../storage/is-remote.ts';
import type { ParamTable, RenderContext } from './job-context.ts';
import { suggest } from './suggest.ts';
import type { YamlPath } from './yaml-source.ts';

/** A piece of a path as it is written in a job file: text, `${param}` or `{placeholder}`. */
export type TemplatePiece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'param'; readonly name: string; readonly text: string }
  | { readonly kind: 'placeholder'; readonly name: string; readonly text: string };

const PIECE = /(?<param>\$\{(?<paramName>[^{}]*)\})|(?<placeholder>\{(?<name>[^{},]*)\})|(?<rest>[^${]+|.)/gs;

/** Cuts a path into its pieces. `{a,b}` is a glob, thus text. Every piece keeps its text as it is written. */
export function parseTemplate(template: string): TemplatePiece[] {
  return [...template.matchAll(PIECE)].map(({ 0: text, groups }) => {
    if (groups?.param !== undefined) return { kind: 'param', name: groups.paramName ?? '', text };
    if (groups?.placeholder !== undefined) return { kind: 'placeholder', name: groups.name ?? '', text };
    return { kind: 'text', text };
  });
}

/** The value of a param in a path; '' for one that has none. */
export function paramText(name: string, params: ParamTable): string {
  return params.resolved.find((param) => param.name === name)?.text ?? '';
}

/** Whether every param of the path has a value, so that its text means something. */
export function isRenderable(pieces: readonly TemplatePiece[], params: ParamTable): boolean {
  return pieces.every((piece) => piece.kind !== 'param' || paramText(piece.name, params) !== '');
}

/** Reports params that are not declared, NULL or empty; those without a right value are reported already. */
export function checkPathParams(
  pieces: readonly TemplatePiece[],
  path: YamlPath,
  context: RenderContext,
): void {
  for (const piece of pieces) {
    const problem = piece.kind === 'param' ? paramProblem(piece.name, context.params) : undefined;
    if (problem !== undefined) context.report.error(context.source.placeWithin(path, piece.text), problem);
  }
}

function paramProblem(name: string, { declared, resolved }: ParamTable): string | undefined {
  if (!declared.includes(name)) return `unknown param "${name}" in the path; ${suggest(name, declared)}`;
  const text = resolved.find((param) => param.name === name)?.text;
  if (text === null) return `the param "${name}" is NULL, which cannot stand in a path`;
  return text === '' ? `the param "${name}" is empty, which cannot stand in a path` : undefined;
}

/** Whether the path ends as it is written, whatever the values of params are. */
export function hasOwnExtension(pieces: readonly TemplatePiece[]): boolean {
  return pieces.at(-1)?.kind === 'text';
}

/** The extension in lower case, past `.gz` and `.zst`; '' for none. */
export function extension(path: string): string {
  return /\.([A-Za-z0-9]+)$/.exec(path.replace(/\.(gz|zst)$/i, ''))?.[1]?.toLowerCase() ?? '';
}

/** Whether it is a URL with a scheme of its own; `file:` counts as a local path. */
export function isUrl(path: string): boolean {
  return isRemote(path) && !path.startsWith('file://');
}

/** A local path made absolute from `base`; URLs stay as they are. Does not touch globs or placeholders. */
export function absolutePath(path: string, base: string): string {
  if (isUrl(path)) return path;
  const local = path.startsWith('file://') ? fileURLToPath(path) : path;
  return isAbsolute(local) ? local : resolve(base, local);
}
