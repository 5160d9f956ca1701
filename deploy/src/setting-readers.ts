/** The bounds of an integer, both allowed. */
export interface Bounds {
  readonly least: number;
  readonly most: number;
}

/**
 * Reads all settings before it complains.
 *
 * @param lookUp - a setting's value by its name; a text where it came from the command line, which may be JSON
 * @throws Error that names each setting which is not as expected
 */
export function readSettings<T>(lookUp: (name: string) => unknown, read: (reader: Reader) => T): T {
  const problems: string[] = [];
  const settings = read(new Reader('', lookUp, problems));
  if (problems.length > 0)
    throw new Error(`the settings of cdk.json or -c are wrong: ${problems.join('; ')}`);
  return settings;
}

/** One object of the settings; what is wrong is noted and read as something harmless. */
export class Reader {
  readonly #path: string;
  readonly #lookUp: (name: string) => unknown;
  readonly #problems: string[];

  constructor(path: string, lookUp: (name: string) => unknown, problems: string[]) {
    this.#path = path;
    this.#lookUp = lookUp;
    this.#problems = problems;
  }

  has(name: string): boolean {
    return this.#lookUp(name) !== undefined;
  }

  text(name: string, pattern: RegExp): string {
    const value = this.#lookUp(name);
    if (typeof value === 'string' && pattern.test(value)) return value;
    return this.#refuse(name, `a text like ${pattern}`, value, '');
  }

  texts(name: string, pattern: RegExp): readonly string[] {
    const values = parsed(this.#lookUp(name));
    const isList = Array.isArray(values);
    if (isList && values.every((value) => typeof value === 'string' && pattern.test(value))) return values;
    return this.#refuse(name, `a list of texts like ${pattern}`, values, []);
  }

  integer(name: string, { least, most }: Bounds): number {
    const value = parsed(this.#lookUp(name));
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
    return this.#refuse(name, `a whole number from ${least} to ${most}`, value, least);
  }

  flag(name: string): boolean {
    const value = parsed(this.#lookUp(name));
    return typeof value === 'boolean' ? value : this.#refuse(name, 'true or false', value, false);
  }

  /** Texts by name; none where it is left out. */
  pairs(name: string): Readonly<Record<string, string>> {
    const value = parsed(this.#lookUp(name)) ?? {};
    const isPairs = isObject(value) && Object.values(value).every((text) => typeof text === 'string');
    return isPairs ? (value as Record<string, string>) : this.#refuse(name, 'texts by name', value, {});
  }

  part(name: string): Reader {
    return this.#reader(name, parsed(this.#lookUp(name)));
  }

  parts(name: string): readonly Reader[] {
    const values = parsed(this.#lookUp(name));
    if (!Array.isArray(values)) return this.#refuse(name, 'a list of objects', values, []);
    return values.map((value, at) => this.#reader(`${name}[${at}]`, value));
  }

  #reader(name: string, value: unknown): Reader {
    const found: Record<string, unknown> = isObject(value)
      ? value
      : this.#refuse(name, 'an object', value, {});
    return new Reader(`${this.#path}${name}.`, (key) => found[key], this.#problems);
  }

  #refuse<T>(name: string, expected: string, value: unknown, instead: T): T {
    this.#problems.push(
      `${this.#path}${name}: expected ${expected}, got ${JSON.stringify(value) ?? 'nothing'}`,
    );
    return instead;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `-c maxVcpus=64` and `-c triggers='[…]'` arrive as texts. */
function parsed(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
