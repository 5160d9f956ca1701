import { closeSync, constants, openSync } from 'node:fs';
import { link, rename } from 'node:fs/promises';
import { makeFifo, widenFifo } from '../duckdb/make-fifo.ts';
import { errorCode, localError } from '../storage/local-error.ts';
import { feedPipe } from './feed-pipe.ts';

const LOOK_MS = 5;

interface Part {
  /** Where DuckDB reads it: a pipe, and a file once its bytes are there. */
  readonly path: string;
  /** Another name of the pipe. */
  readonly pipe: string;
  /** `fed`: its one reader had it through the pipe. */
  state: 'awaited' | 'there' | 'lost' | 'fed';
}

/**
 * Files that are read while they are still to come: each path is a named pipe on which its reader waits, and becomes a
 * file when `deliver` gives its bytes. Who waited is fed through the pipe, once; who comes later opens the file. Of one
 * part there may be no two readers before it is there: they would share its bytes.
 */
export class PipedParts {
  readonly #parts: readonly Part[];
  readonly #feeding = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout;
  #failure: { readonly error: unknown } | undefined;

  private constructor(parts: readonly Part[]) {
    this.#parts = parts;
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  /** Makes the pipes at these new paths. `undefined` where the system has none. */
  static async make(paths: readonly string[]): Promise<PipedParts | undefined> {
    const parts = paths.map((path) => ({ path, pipe: `${path}.pipe`, state: 'awaited' as const }));
    for (const { path, pipe } of parts) {
      if (!makeFifo(pipe)) return undefined;
      await link(pipe, path);
    }
    return new PipedParts(parts);
  }

  /** Says that the bytes of a part are those of a file, which stays as it is. */
  async deliver(index: number, file: string): Promise<void> {
    const part = this.#parts[index];
    if (part === undefined) throw new Error(`there is no part ${index}`);
    await link(file, `${part.path}.whole`);
    await rename(`${part.path}.whole`, part.path);
    if (part.state === 'awaited') part.state = 'there';
    this.#look();
  }

  /** To be called when a statement has read them: what it made counts for nothing then. @throws what a part broke off with */
  throwIfBroken(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Lets nobody wait any more: who waits for a part that is not there finds it empty, and the caller has to fail. */
  giveUp(): void {
    for (const part of this.#parts) if (part.state === 'awaited') part.state = 'lost';
    this.#look();
  }

  /** To be called when no statement reads the parts any more. */
  async close(): Promise<void> {
    this.giveUp();
    clearInterval(this.#timer);
    await Promise.all(this.#feeding);
  }

  /** A reader can have looked the path up just before it became a file: so pipes are looked at until the end. */
  #look(): void {
    for (const part of this.#parts) {
      const isDue = part.state === 'there' || part.state === 'lost';
      const pipe = isDue ? openForReader(part.pipe) : undefined;
      if (pipe === undefined) continue;
      if (part.state === 'there') this.#feed(part.path, pipe);
      else closeSync(pipe);
      // The same reader would take bytes that came again for more of them.
      part.state = 'fed';
    }
  }

  #feed(path: string, pipe: number): void {
    widenFifo(pipe);
    const feeding = feedPipe(path, pipe).catch((error: unknown) => {
      // A reader that has seen enough goes away; one whose file broke off takes that for its end.
      if (errorCode(error) !== 'EPIPE') this.#failure ??= { error: localError(error, 'read', path) };
    });
    const tracked: Promise<void> = feeding.finally(() => this.#feeding.delete(tracked));
    this.#feeding.add(tracked);
  }
}

/** The pipe's other end, if a reader waits at it. */
function openForReader(pipe: string): number | undefined {
  try {
    return openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (errorCode(error) === 'ENXIO') return undefined;
    throw error;
  }
}
