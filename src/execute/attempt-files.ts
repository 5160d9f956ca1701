import { createGate, type Gate } from '../storage/gate.ts';
import { isRemote, objectsAtOnce } from '../storage/is-remote.ts';
import type { Storage } from '../storage/storage.ts';

export interface AttemptFilesOptions {
  readonly storage: Storage;
  /** The url of the attempt's folder in the run store. */
  readonly folder: string;
  /** Ends what is on its way. */
  readonly signal: AbortSignal;
}

/** Is told of each output's local file when it is whole. */
export type StagedListener = (path: string) => void;

/** Moves the outputs of an attempt into its folder of the run store: to a far one each as soon as its file is whole. */
export class AttemptFiles {
  readonly #options: AttemptFilesOptions;
  readonly #gate: Gate;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  #moves = new Map<string, Promise<string>>();
  /** Of all moves, those that failed too: something may lie there. */
  readonly #urls: string[] = [];
  #count = 0;

  constructor(options: AttemptFilesOptions) {
    this.#options = options;
    this.#gate = createGate(objectsAtOnce(options.folder));
    this.#signal = AbortSignal.any([options.signal, this.#stop.signal]);
  }

  /** Where moving a file takes its time: begins with it. Elsewhere files stay where they are until all are made. */
  get onStaged(): StagedListener | undefined {
    return isRemote(this.#options.folder) ? (path) => void this.#begin(path) : undefined;
  }

  /** Moves a local file, unless it is on its way, and gives the url at which it lies. */
  async move(path: string): Promise<string> {
    return await (this.#moves.get(path) ?? this.#begin(path));
  }

  /** Takes back what was moved, since it will be made anew. */
  async discard(): Promise<void> {
    await Promise.allSettled(this.#moves.values());
    this.#moves = new Map();
    const urls = this.#urls.splice(0);
    await Promise.all(urls.map((url) => this.#gate.run(() => this.#options.storage.delete(url))));
  }

  /** Ends what is on its way, if anything is, and waits for it. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled(this.#moves.values());
  }

  #begin(path: string): Promise<string> {
    const { storage, folder } = this.#options;
    const url = `${folder}/${this.#count++}`;
    this.#urls.push(url);
    const move = this.#gate.run(async () => {
      this.#signal.throwIfAborted();
      await storage.put(path, url, { signal: this.#signal });
      return url;
    });
    // It is told to whoever asks for the file.
    move.catch(() => undefined);
    this.#moves.set(path, move);
    return move;
  }
}
