import type { DecoderPool } from '../decode/decoder-pool.ts';
import type { Decoding } from '../decode/decoding.ts';
import type { RowFeed, RowFeeds } from '../duckdb/row-feeds.ts';
import { QueryError, type Session } from '../duckdb/session.ts';
import { quoteIdentifier } from '../duckdb/sql.ts';
import type { PlannedInput } from '../plan/plan.ts';
import { type DecodedScan, feedScanSql } from './decoded-scan.ts';
import { feedScans, timesRead } from './explained-scans.ts';
import { DuckdbReaderNeeded } from './scan-needs.ts';
import type { TextSource } from './text-source.ts';

export interface DecodedInputOptions {
  readonly pool: DecoderPool;
  readonly feeds: RowFeeds;
  readonly session: Session;
  /** Threads of DuckDB that may read at a time. */
  readonly readers: number;
  /** Rows are to come in the order of their lines. */
  readonly ordered: boolean;
  readonly text: TextSource;
}

/**
 * The rows of an input's text, decoded by threads of ours while DuckDB reads them. A feed can be read once, by one scan:
 * `claim` sees to it.
 */
export class DecodedInput {
  readonly name: string;
  /** The SELECT of its rows. */
  readonly scan: string;
  readonly #session: Session;
  readonly #decoding: Decoding;
  readonly #text: TextSource;
  readonly #feed: RowFeed;
  readonly #view: string;
  #isClaimed = false;
  #isInterrupted = false;
  /** What the text could not be fetched for. */
  #failure: { readonly error: unknown } | undefined;

  private constructor(
    planned: PlannedInput,
    { session, text }: DecodedInputOptions,
    { decoding, feed, view }: OpenFeed,
  ) {
    this.name = planned.name;
    this.scan = feedScanSql(planned, view, feed.column);
    this.#session = session;
    this.#text = text;
    this.#decoding = decoding;
    this.#feed = feed;
    this.#view = view;
    text
      .begin((range, end) => decoding.arrive(range, end))
      .catch((error: unknown) => {
        this.#failure = { error };
        decoding.stop();
      });
  }

  /** Begins to decode. */
  static async open(
    planned: PlannedInput,
    { columns, dialect }: DecodedScan,
    options: DecodedInputOptions,
  ): Promise<DecodedInput> {
    const { pool, feeds, session, readers, ordered, text } = options;
    const onRead = (range: number, end: number) => text.drop(range, end);
    const decoding = pool.decode({ columns, dialect, readers, ordered, ranges: text.ranges, onRead });
    try {
      const feed = await feeds.open(decoding.source);
      const view = `pitwall ${feed.column}`;
      await session.createFeedView(view, feed);
      return new DecodedInput(planned, options, { decoding, feed, view });
    } catch (error) {
      await decoding.close();
      await text.close();
      throw error;
    }
  }

  /**
   * To be called before each statement runs.
   *
   * @param plan - of the statement, as JSON; `undefined` where it cannot be told
   * @throws DuckdbReaderNeeded for a statement that would read the feed again, or twice, or leave conditions to it
   */
  claim(plan: string | undefined): void {
    const times = this.#timesRead(plan);
    if (times === 0) return;
    if (times > 1 || this.#isClaimed) throw new DuckdbReaderNeeded(this.name);
    this.#isClaimed = true;
  }

  /**
   * To be called when a statement has read it: what that made counts for nothing when this throws.
   *
   * @throws DuckdbReaderNeeded for text that only DuckDB reads, or knows what is wrong with; what the text could not be
   *   fetched for
   */
  settle(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#decoding.isRefused) throw new DuckdbReaderNeeded(this.name);
  }

  /**
   * To be called when a statement has failed. Now and then DuckDB masks an error as an interruption (see `Session`), and
   * tells it when the statement runs again, which cannot read the feed.
   *
   * @throws like `settle`; DuckdbReaderNeeded too for an interruption that nobody asked for
   */
  settleFailed(error: unknown): void {
    this.settle();
    const isMasked = error instanceof QueryError && error.kind === 'interrupted' && !this.#isInterrupted;
    if (this.#isClaimed && isMasked) throw new DuckdbReaderNeeded(this.name);
  }

  /** Lets no statement wait any more, which then fails. */
  interrupt(): void {
    this.#isInterrupted = true;
    this.#decoding.stop();
  }

  /** Ends the decoding. To be called once. */
  async close(): Promise<void> {
    await this.#decoding.close();
    await this.#text.close();
    this.#feed.close();
  }

  /** Forgets the closed one, for a session that goes on. */
  async dropView(): Promise<void> {
    await this.#session.run(`DROP VIEW IF EXISTS ${quoteIdentifier(this.#view)}`);
  }

  /** Infinite where it cannot be told, or where DuckDB leaves conditions to the feed. */
  #timesRead(plan: string | undefined): number {
    const scans = plan === undefined ? undefined : feedScans(plan, this.#feed.column);
    const isPlain = scans?.every(({ filters }) => filters.length === 0) ?? false;
    return scans !== undefined && isPlain ? timesRead(scans) : Number.POSITIVE_INFINITY;
  }
}

interface OpenFeed {
  readonly decoding: Decoding;
  readonly feed: RowFeed;
  readonly view: string;
}
