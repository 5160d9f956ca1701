import { PitwallError } from '../error.ts';
import type { Input } from '../job/job.ts';
import { parseFirstRecord } from './csv-record.ts';
import { cutText } from './cut-text.ts';
import type { Layout } from './plan.ts';

const OTHER_DELIMITERS = [',', ';', '\t', '|', ':', ' '];

/** The parts of an input that a header is matched by. */
export type HeaderRules = Pick<
  Input,
  'columns' | 'pathColumns' | 'headerMatch' | 'extraColumns' | 'delimiter' | 'quote' | 'escape'
>;

/**
 * Which declared column stands at each place of a CSV with this header. Columns that come from the path need
 * not be in the file.
 *
 * @throws PitwallError (`data`) on line 1: a column is missing, repeated or undeclared, or there is no header
 */
export function headerLayout(file: string, header: readonly string[], rules: HeaderRules): Layout {
  const declared = new Map(rules.columns.map(({ name }) => [toKey(name, rules), name]));
  checkMissing(file, header, rules);
  checkRepeated(file, header, rules);
  const layout = header.map((source) => ({ source, column: declared.get(toKey(source, rules)) }));
  const extra = layout.filter(({ column }) => column === undefined).map(({ source }) => source);
  if (rules.extraColumns === 'error' && extra.length > 0) throw fail(file, sayExtra(extra));
  return layout;
}

/** The layout of a CSV without a header: its columns are the declared ones in their order. */
export function positionalLayout(file: string, firstRecord: readonly string[], rules: HeaderRules): Layout {
  const names = fileColumns(rules);
  if (firstRecord.length !== names.length) {
    const counts = `expected ${names.length} columns as declared, got ${firstRecord.length}`;
    throw fail(file, `${counts}: ${show(firstRecord)}; check columns and delimiter`);
  }
  return names.map((name) => ({ source: name, column: name }));
}

function fileColumns({ columns, pathColumns }: HeaderRules): string[] {
  return columns.map(({ name }) => name).filter((name) => !pathColumns.includes(name));
}

function toKey(name: string, { headerMatch }: HeaderRules): string {
  return headerMatch === 'exact' ? name : looseKey(name);
}

function looseKey(name: string): string {
  return name.trim().toLowerCase();
}

function checkRepeated(file: string, header: readonly string[], rules: HeaderRules): void {
  const keys = header.map((name) => toKey(name, rules));
  const repeated = header.find((name, index) => name !== '' && keys.indexOf(keys[index] ?? '') < index);
  if (repeated === undefined) return;
  throw fail(
    file,
    `the header has "${repeated}" twice: ${show(header)}; rename or remove one of the columns`,
  );
}

function checkMissing(file: string, header: readonly string[], rules: HeaderRules): void {
  const present = new Set(header.map((name) => toKey(name, rules)));
  const expected = fileColumns(rules);
  const missing = expected.filter((name) => !present.has(toKey(name, rules)));
  if (missing.length > 0) throw fail(file, sayMissing(missing, expected, header, rules));
}

function sayMissing(
  missing: string[],
  expected: string[],
  header: readonly string[],
  rules: HeaderRules,
): string {
  const names = `${missing.length === 1 ? 'column' : 'columns'} ${quoteNames(missing)}`;
  const none = missing.length === expected.length;
  const reason =
    (none ? reasonForNone(expected, header, rules) : undefined) ?? reasonForSome(missing, header);
  return `missing ${names}: the first line is ${show(header)}; ${reason}`;
}

function reasonForNone(
  expected: string[],
  header: readonly string[],
  rules: HeaderRules,
): string | undefined {
  const delimiter = OTHER_DELIMITERS.find(
    (other) => other !== rules.delimiter && matchesSplit(expected, header, rules, other),
  );
  if (delimiter !== undefined) return `the delimiter looks like ${JSON.stringify(delimiter)}: set delimiter`;
  if (header.some((name) => isNear(name, expected))) return undefined;
  if (header.some((value) => /^\s*[+-]?\d/.test(value)))
    return 'it looks like data: add a header or set header: false';
  return undefined;
}

function matchesSplit(
  expected: string[],
  header: readonly string[],
  rules: HeaderRules,
  delimiter: string,
): boolean {
  const names = parseFirstRecord(header.join(rules.delimiter), { ...rules, delimiter }, true) ?? [];
  return (
    names.length > 1 && expected.every((name) => names.some((found) => looseKey(found) === looseKey(name)))
  );
}

function reasonForSome(missing: string[], header: readonly string[]): string {
  const near = header.find((name) => isNear(name, missing));
  if (near === undefined) return 'add it to the file or remove it from columns';
  return `"${near}" differs in case or spaces: declare it so or set header_match: ignore_case`;
}

function isNear(name: string, names: readonly string[]): boolean {
  return names.some((other) => looseKey(other) === looseKey(name));
}

function sayExtra(extra: readonly string[]): string {
  const names = `${extra.length === 1 ? 'column' : 'columns'} ${quoteNames(extra)}`;
  return `undeclared ${names}; declare them or set extra_columns: ignore`;
}

function quoteNames(names: readonly string[]): string {
  return cutText(names.map((name) => `"${name}"`).join(', '));
}

function show(values: readonly string[]): string {
  return cutText(JSON.stringify(values.join(',')));
}

function fail(file: string, message: string): PitwallError {
  return new PitwallError('data', message, { place: { file, line: 1 } });
}
