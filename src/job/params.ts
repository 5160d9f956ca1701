import type { JobParam, ParamType } from './job.ts';
import type { JobContext, ParamTable } from './job-context.ts';
import type { ParamFile } from './job-file.ts';
import { canonicalText, EXPECTED } from './param-text.ts';
import { oneOf, suggest } from './suggest.ts';

/**
 * Resolves the declared parameters: the value of `--set`, else the default. Reports values of the wrong type or
 * outside `one_of`, parameters without a value, and `--set` of what is not declared.
 */
export function resolveParams(
  declared: Readonly<Record<string, ParamFile>>,
  context: JobContext,
): ParamTable {
  for (const name of Object.keys(context.set)) {
    if (!Object.hasOwn(declared, name)) reportUnknown(name, Object.keys(declared), context);
  }
  const resolved = Object.entries(declared).flatMap(([name, param]): JobParam[] => {
    const allowed = readAllowed(name, param, context);
    const fallback = readDefault(name, param, allowed, context);
    const given = Object.hasOwn(context.set, name) ? context.set[name] : undefined;
    const text = given === undefined ? fallback : readGiven(name, param.type, given, allowed, context);
    return text === undefined ? [] : [{ name, type: param.type, text }];
  });
  return { declared: Object.keys(declared), resolved };
}

function reportUnknown(name: string, known: readonly string[], { report }: JobContext): void {
  const hint = known.length === 0 ? 'it declares none' : suggest(name, known);
  report.error({ file: `--set ${name}` }, `the job has no param "${name}"; ${hint}`);
}

function readAllowed(
  name: string,
  { type, one_of }: ParamFile,
  { source, report }: JobContext,
): string[] | undefined {
  return one_of?.flatMap((value, index) => {
    const text = canonicalText(type, value);
    if (text === undefined)
      report.error(source.place(['params', name, 'one_of', index]), wrongType(name, type, value));
    return text ?? [];
  });
}

type Allowed = readonly string[] | undefined;

function readDefault(
  name: string,
  param: ParamFile,
  allowed: Allowed,
  context: JobContext,
): JobParam['text'] | undefined {
  const { source, report, set } = context;
  if (param.default === null) return null;
  if (param.default === undefined) {
    if (!Object.hasOwn(set, name))
      report.error(source.keyPlace(['params', name]), sayMissing(name, param.type));
    return undefined;
  }
  const text = canonicalText(param.type, param.default);
  const problem =
    text === undefined ? wrongType(name, param.type, param.default) : notAllowed(name, text, allowed);
  if (problem !== undefined) report.error(source.place(['params', name, 'default']), problem);
  return text;
}

function readGiven(
  name: string,
  type: ParamType,
  given: string,
  allowed: Allowed,
  { report }: JobContext,
): string | undefined {
  const text = canonicalText(type, given);
  const problem = text === undefined ? wrongType(name, type, given) : notAllowed(name, text, allowed);
  if (problem !== undefined) report.error({ file: `--set ${name}` }, problem);
  return text;
}

function sayMissing(name: string, type: ParamType): string {
  return `param "${name}" has no value: it has no default, so give ${EXPECTED[type]} with --set ${name}=…`;
}

function wrongType(name: string, type: ParamType, value: string | number | boolean): string {
  const got = typeof value === 'string' ? `"${value}"` : String(value);
  const quotes = type === 'string' && typeof value !== 'string' ? '; write it in quotes' : '';
  return `param "${name}" is of type ${type}: expected ${EXPECTED[type]}, got ${got}${quotes}`;
}

function notAllowed(name: string, text: string, allowed: Allowed): string | undefined {
  return allowed === undefined || allowed.includes(text)
    ? undefined
    : `param "${name}" may be ${oneOf(allowed)}, got "${text}"`;
}
