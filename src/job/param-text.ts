import type { ParamType } from './job.ts';

/** What a value of each type looks like, for messages. */
export const EXPECTED: Record<ParamType, string> = {
  string: 'a text',
  integer: 'an integer of 64 bits',
  number: 'a number',
  boolean: 'true or false',
  date: 'a date like 2024-07-07',
  timestamp: 'a timestamp like 2024-07-07T14:00:00',
};

/**
 * The canonical text of a parameter's value: integers without leading zeros, timestamps as
 * `2024-07-07 14:00:00.123`. Takes what YAML gives or the text of `--set`; `undefined` when it is not of the type.
 */
export function canonicalText(type: ParamType, value: string | number | boolean): string | undefined {
  if (type === 'string') return typeof value === 'string' ? value : undefined;
  if (type === 'integer' && typeof value === 'number' && !Number.isSafeInteger(value)) return undefined;
  return PARSERS[type](String(value));
}

const PARSERS: Record<Exclude<ParamType, 'string'>, (text: string) => string | undefined> = {
  integer: parseInteger,
  number: parseNumber,
  boolean: (text) => (/^(true|false)$/.test(text) ? text : undefined),
  date: parseDate,
  timestamp: parseTimestamp,
};

function parseInteger(text: string): string | undefined {
  if (!/^[+-]?\d+$/.test(text)) return undefined;
  const value = BigInt(text.replace(/^\+/, ''));
  return BigInt.asIntN(64, value) === value ? String(value) : undefined;
}

function parseNumber(text: string): string | undefined {
  const value = Number(text);
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) && Number.isFinite(value)
    ? String(value)
    : undefined;
}

function parseDate(text: string): string | undefined {
  const date = new Date(`${text}T00:00:00Z`);
  const exists = /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(date.getTime());
  return exists && date.toISOString().startsWith(text) ? text : undefined;
}

const TIMESTAMP =
  /^(?<day>\d{4}-\d\d-\d\d)[T ](?<time>([01]\d|2[0-3]):[0-5]\d)(?<second>:[0-5]\d)?(?<fraction>\.\d{1,6})?Z?$/;

function parseTimestamp(text: string): string | undefined {
  const { day = '', time = '', second = ':00', fraction = '' } = TIMESTAMP.exec(text)?.groups ?? {};
  return parseDate(day) === undefined ? undefined : `${day} ${time}${second}${fraction}`;
}
