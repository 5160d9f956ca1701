import type { z } from 'zod';
import { PRICE_KEYS } from './price-file.ts';
import { suggest } from './suggest.ts';
import type { YamlPath } from './yaml-source.ts';

/** What is wrong with a user's own settings, and where. */
export interface PriceMistake {
  readonly path: YamlPath;
  /** Whether it is the key that is wrong, and not its value. */
  readonly isKey: boolean;
  readonly message: string;
}

/** The first mistake, in the words of those of a job file. */
export function priceMistake({ issues: [issue] }: z.core.$ZodError, data: unknown): PriceMistake {
  if (issue === undefined) return { path: [], isKey: false, message: 'the file: not as expected' };
  const { path } = issue;
  const owner = path.join('.') || 'the file';
  switch (issue.code) {
    case 'unrecognized_keys': {
      const [key = ''] = issue.keys;
      const hint = suggest(key, path.length === 0 ? ['prices'] : PRICE_KEYS);
      return { path: [...path, key], isKey: true, message: `unknown key "${key}" in ${owner}; ${hint}` };
    }
    case 'invalid_key':
      return { path, isKey: true, message: `${owner}: ${issue.issues[0]?.message ?? issue.message}` };
    default: {
      const expected = issue.code === 'invalid_type' ? `expected ${typeName(issue.expected)}` : issue.message;
      return { path, isKey: false, message: `${owner}: ${expected}, got ${sayGot(valueAt(data, path))}` };
    }
  }
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  object: 'a map of keys',
  record: 'a map of keys',
};

function typeName(expected: string): string {
  return TYPE_NAMES[expected] ?? expected;
}

function sayGot(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'a map of keys';
  return typeof value === 'string' ? `the text "${value}"` : String(value);
}

function valueAt(root: unknown, path: YamlPath): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
    root,
  );
}
