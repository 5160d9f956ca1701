import type { ValueRules } from './value-writer.ts';

const TEXT = new TextEncoder();

/** The bytes around and between the elements of a JSON array or object. */
export interface Layout {
  readonly open: Uint8Array;
  readonly separator: Uint8Array;
  readonly close: Uint8Array;
  readonly empty: Uint8Array;
  /** Between a key and its value. */
  readonly colon: Uint8Array;
}

/** The layout of an array or object, `brackets` being `[]` or `{}`, as JSON.stringify writes it. */
export function layoutOf(brackets: '[]' | '{}', { indent, depth }: ValueRules): Layout {
  const inner = lineBreak(indent, depth + 1);
  return {
    open: TEXT.encode(brackets[0] + inner),
    separator: TEXT.encode(`,${inner}`),
    close: TEXT.encode(lineBreak(indent, depth) + brackets[1]),
    empty: TEXT.encode(brackets),
    colon: TEXT.encode(indent === 0 ? ':' : ': '),
  };
}

/** What stands before an element at `depth`: nothing where all is on one line. */
export function lineBreak(indent: number, depth: number): string {
  return indent === 0 ? '' : `\n${' '.repeat(indent * depth)}`;
}

/** A key as a JSON string with its colon. */
export function encodeKey(name: string, { colon }: Layout): Uint8Array {
  return TEXT.encode(JSON.stringify(name) + new TextDecoder().decode(colon));
}
