import { PitwallError } from '../error.ts';
import { readText } from './memory.ts';
import { callAsync, native, type Out } from './native.ts';
import { toQueryError } from './query-error.ts';

export interface DatabaseOptions {
  /** A database file; without it the database lives in memory. */
  readonly path?: string;
  /** DuckDB's global settings, in force before anything runs. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
}

/** Types that Arrow lacks come marked (`arrow.uuid`, `arrow.opaque`) instead of narrowed; errors come as JSON. */
const OWN_SETTINGS = { arrow_lossless_conversion: true, errors_as_json: true } as const;

/** What holds a database open for its connections. */
export interface Holder {
  readonly handle: Out;
  hold(): void;
  /** Resolves when the database is closed, where it was the last one. */
  release(): Promise<void>;
}

/** Of a connection whose database another thread holds. */
export const NO_DATABASE: Holder = { handle: [null], hold: () => undefined, release: async () => undefined };

/** A database with the number of connections that hold it. */
export class Database implements Holder {
  readonly handle: Out;
  #holders = 0;

  private constructor(handle: Out) {
    this.handle = handle;
  }

  static async open({ path = ':memory:', settings = {} }: DatabaseOptions): Promise<Database> {
    const c = native();
    const config: Out = [null];
    c.createConfig(config);
    try {
      for (const [name, value] of Object.entries({ ...settings, ...OWN_SETTINGS }))
        setConfig(config, name, String(value));
      const handle: Out = [null];
      const error: Out = [null];
      if ((await callAsync(c.openExt, path, handle, config[0], error)) === 0) return new Database(handle);
      throw toQueryError(takeText(error), '');
    } finally {
      c.destroyConfig(config);
    }
  }

  hold(): void {
    this.#holders++;
  }

  /** Freeing what a database held in memory takes its time. */
  async release(): Promise<void> {
    if (--this.#holders <= 0) await callAsync(native().close, this.handle);
  }
}

function setConfig(config: Out, name: string, value: string): void {
  if (native().setConfig(config[0], name, value) === 0) return;
  throw new PitwallError('job', `DuckDB does not know the setting ${name} = ${value}`);
}

function takeText(address: Out): string {
  const text = readText(address[0]) ?? 'unknown error';
  native().free(address[0]);
  return text;
}

/** A new connection to a database. @throws PitwallError (`job`) */
export function openConnection({ handle }: Holder): Out {
  const connection: Out = [null];
  if (native().connect(handle[0], connection) === 0) return connection;
  throw new PitwallError('job', 'DuckDB refused a new connection');
}
