import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  parseDocument,
  visit,
  type YAMLError,
} from 'yaml';
import type { Place } from '../error.ts';
import type { JobReport } from './job-report.ts';
import { textPlace } from './text-place.ts';

export type YamlPath = readonly PropertyKey[];

/** A parsed YAML file that knows where each of its values stands. */
export class YamlSource {
  readonly file: string;
  readonly text: string;
  readonly #document: Document;

  /** @param file - the path as it is shown in places */
  constructor(file: string, text: string, document: Document) {
    this.file = file;
    this.text = text;
    this.#document = document;
  }

  /** The file as plain data. */
  data(): unknown {
    return this.#document.toJS();
  }

  /** Where the value stands, or where its key does when the value is a block, or the nearest parent that exists. */
  place(path: YamlPath): Place {
    const { key, value, complete } = this.#find(path);
    const shown = complete && value !== undefined && isInline(value) ? value : (key ?? value);
    return this.#placeOf(shown);
  }

  /** Where the key stands that the path ends in. */
  keyPlace(path: YamlPath): Place {
    const { key, value } = this.#find(path);
    return this.#placeOf(key ?? value);
  }

  /** Where `part` of a text value stands; the value's own place when an escape or a fold hides it. */
  placeWithin(path: YamlPath, part: string): Place {
    const { value, complete } = this.#find(path);
    if (!complete || !value?.range) return this.place(path);
    const offset = this.text.indexOf(part, value.range[0]);
    return offset < 0 || offset >= value.range[1]
      ? this.place(path)
      : textPlace(this.file, this.text, offset);
  }

  /** The keys of a map in the order they are written (an object would put numbers first). */
  keys(path: YamlPath): string[] {
    const { value, complete } = this.#find(path);
    return complete && isMap(value) ? value.items.map(({ key }) => keyText(key)) : [];
  }

  #find(path: YamlPath): { key: Node | undefined; value: Node | undefined; complete: boolean } {
    let found = { key: undefined as Node | undefined, value: this.#resolve(this.#document.contents) };
    for (const part of path) {
      const next = this.#child(found.value, part);
      if (next === undefined) return { ...found, complete: false };
      found = next;
    }
    return { ...found, complete: true };
  }

  #child(
    parent: Node | undefined,
    part: PropertyKey,
  ): { key: Node | undefined; value: Node | undefined } | undefined {
    if (isSeq(parent)) {
      const item = this.#resolve(parent.items[Number(part)]);
      return item && { key: item, value: item };
    }
    const pair = isMap(parent) ? parent.items.find(({ key }) => keyText(key) === String(part)) : undefined;
    return pair && { key: this.#resolve(pair.key), value: this.#resolve(pair.value) };
  }

  #resolve(node: unknown): Node | undefined {
    const resolved = isAlias(node) ? node.resolve(this.#document) : node;
    return isMap(resolved) || isSeq(resolved) || isScalar(resolved) ? resolved : undefined;
  }

  #placeOf(node: Node | undefined): Place {
    return node?.range
      ? textPlace(this.file, this.text, node.range[0])
      : { file: this.file, line: 1, column: 1 };
  }
}

/**
 * Parses YAML 1.2 (core schema: `yes` and `2024-07-07` are texts). Reports syntax errors, duplicate keys,
 * unknown tags, keys that are not text and `__proto__`; then there is no source.
 */
export function parseYaml(file: string, text: string, report: JobReport): YamlSource | undefined {
  const document = parseDocument(text, {
    prettyErrors: false,
    uniqueKeys: true,
    version: '1.2',
    merge: false,
  });
  const problems = [...yamlErrors(document.errors), ...document.warnings, ...forbiddenKeys(document)];
  for (const { pos, message } of problems) {
    report.error(textPlace(file, text, pos[0]), sayYamlError(message, lineAround(text, pos[0])));
  }
  if (problems.length === 0 && document.contents === null) {
    report.error(
      { file, line: 1, column: 1 },
      'the job file is empty; expected at least "sql" and "output", or "steps"',
    );
  }
  return problems.length > 0 || document.contents === null ? undefined : new YamlSource(file, text, document);
}

function isInline(node: Node): boolean {
  return isScalar(node) || ((isMap(node) || isSeq(node)) && node.flow === true);
}

function keyText(key: unknown): string {
  return isScalar(key) ? String(key.value) : String(key);
}

/** One slip in the syntax makes a trail of errors: only the first counts. Duplicate keys stand for themselves. */
function yamlErrors(errors: readonly YAMLError[]): YAMLError[] {
  const first = errors.find(({ code }) => code !== 'DUPLICATE_KEY');
  return errors.filter((error) => error === first || error.code === 'DUPLICATE_KEY');
}

interface KeyProblem {
  readonly pos: readonly [number, number];
  readonly message: string;
}

function forbiddenKeys(document: Document): KeyProblem[] {
  const problems: KeyProblem[] = [];
  visit(document, {
    Pair(_, { key }) {
      const message = keyProblem(key);
      const start = (isScalar(key) || isMap(key) || isSeq(key)) && key.range ? key.range[0] : 0;
      if (message !== undefined) problems.push({ pos: [start, start], message });
    },
  });
  return problems;
}

function keyProblem(key: unknown): string | undefined {
  if (!isScalar(key) || key.value === null) return 'a key must be a text';
  return key.value === '__proto__' ? 'the key "__proto__" is not allowed' : undefined;
}

function sayYamlError(message: string, line: string): string {
  if (message === 'Map keys must be unique')
    return 'the key stands here a second time; remove one of the two';
  const hint = /\{.*\$\{/.test(line) ? '; inside { } a value that holds ${…} has to be in quotes' : '';
  return `not valid YAML: ${message.replaceAll(/\s+/g, ' ')}${hint}`;
}

function lineAround(text: string, offset: number): string {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const end = text.indexOf('\n', offset);
  return text.slice(start, end < 0 ? undefined : end);
}
