import type { Session } from '../duckdb/session.ts';
import type { SparseFile } from '../storage/sparse-file.ts';
import { fillFiles } from './fill-files.ts';
import { type ParquetLayout, readParquetLayout } from './parquet-layout.ts';

/** A Parquet object's sparse local file, and where its parts lie in it. */
export class SparseParquet {
  readonly file: SparseFile;
  readonly #session: Session;
  #layout: Promise<ParquetLayout | undefined> | undefined;

  constructor(file: SparseFile, session: Session) {
    this.file = file;
    this.#session = session;
  }

  /** Where its parts lie; `undefined` for a file that is there whole, as one is whose footer does not tell. */
  async layout(signal?: AbortSignal): Promise<ParquetLayout | undefined> {
    if (this.file.isWhole) return undefined;
    this.#layout ??= readParquetLayout(this.#session, this.file);
    const layout = await this.#layout;
    if (layout === undefined) await this.#fillWhole(signal);
    return layout;
  }

  async #fillWhole(signal?: AbortSignal): Promise<void> {
    await fillFiles([{ file: this.file, spans: [{ start: 0, end: this.file.sizeBytes }] }], signal);
  }
}
