import { appendFile } from 'node:fs/promises';
import { errorText } from './error-text.ts';

const FLUSH_MS = 250;
const FLUSH_LINES = 1000;

/** Lines that are appended to a file in turn, some time after they were added. What cannot be written is lost. */
export class LineFile {
  #path: string | undefined;
  #waiting: string[] = [];
  #timer: NodeJS.Timeout | undefined;
  #written: Promise<void> = Promise.resolve();
  #lost = 0;
  #reason: string | undefined;

  /** How many lines could not be written so far. */
  get lost(): number {
    return this.#lost;
  }

  /** Why the first of them could not. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** @param line - with its line break */
  add(line: string): void {
    this.#waiting.push(line);
    if (this.#waiting.length >= FLUSH_LINES) this.#flush();
    else this.#schedule();
  }

  /** Says where the lines go; those from before are kept until then. */
  open(path: string): void {
    this.#path = path;
    this.#schedule();
  }

  async close(): Promise<void> {
    this.#flush();
    await this.#written;
    this.#path = undefined;
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MS).unref();
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const path = this.#path;
    if (path === undefined || this.#waiting.length === 0) return;
    const lines = this.#waiting.splice(0);
    this.#written = this.#written.then(() => this.#append(path, lines));
  }

  async #append(path: string, lines: readonly string[]): Promise<void> {
    try {
      await appendFile(path, lines.join(''));
    } catch (error) {
      this.#lost += lines.length;
      this.#reason ??= errorText(error);
    }
  }
}
