import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** The most that a session had spilled at the moments at which it was looked at. DuckDB itself does not tell. */
export class SpillWatch {
  readonly #folder: string;
  #mostBytes = 0;

  /** @param folder - DuckDB's `temp_directory`, which need not exist */
  constructor(folder: string) {
    this.#folder = folder;
  }

  get mostBytes(): number {
    return this.#mostBytes;
  }

  look(): void {
    this.#mostBytes = Math.max(this.#mostBytes, folderBytes(this.#folder));
  }
}

function folderBytes(folder: string): number {
  try {
    return readdirSync(folder).reduce((total, name) => total + fileBytes(join(folder, name)), 0);
  } catch {
    return 0;
  }
}

/** DuckDB may take a file away at any time. */
function fileBytes(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
