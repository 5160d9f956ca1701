import koffi from 'koffi';
import { BatchBoard } from '../decode/batch-board.ts';
import type { BatchSource } from '../decode/decoding.ts';
import { type FeedFunctions, FeedStructs } from './feed-structs.ts';
import { native, type Pointer } from './native.ts';

/** What a stream gives for a failure: any number but 0 (https://arrow.apache.org/docs/format/CStreamInterface.html). */
const FAILURE = 5;

const PRIVATE_DATA_OF_STREAM = 4;
const ARRAY_BYTES = 80;
const SCHEMA_BYTES = 72;
const RELEASE_OF_SCHEMA = 56;
const RELEASE_OF_ARRAY = 64;
const PRIVATE_DATA_OF_ARRAY = 72;

const RELEASE = koffi.pointer(koffi.proto('void FeedRelease(void* self)'));
const GET = koffi.pointer(koffi.proto('int FeedGet(void* stream, void* out)'));
const LAST_ERROR = koffi.pointer(koffi.proto('const char* FeedLastError(void* stream)'));

interface Feed {
  readonly board: BatchBoard;
  readonly structs: FeedStructs;
  hasEnded: boolean;
  isClosed: boolean;
}

/** The Arrow streams of a thread that does nothing else: it sleeps until a batch is ready. */
export class FeedCallbacks {
  readonly #feeds = new Map<number, Feed>();
  readonly #functions: FeedFunctions = {
    getSchema: register(GET, (stream: Pointer, out: Pointer) => this.#getSchema(stream, out)),
    getNext: register(GET, (stream: Pointer, out: Pointer) => this.#getNext(stream, out)),
    lastError: register(LAST_ERROR, () => FEED_REFUSED),
    releaseStream: register(RELEASE, () => undefined),
    releaseSchema: register(RELEASE, (schema: Pointer) => markReleased(schema, RELEASE_OF_SCHEMA)),
    releaseBatch: register(RELEASE, (array: Pointer) => this.#releaseBatch(array)),
    releaseColumn: register(RELEASE, (array: Pointer) => markReleased(array, RELEASE_OF_ARRAY)),
  };

  /** Makes a stream of the batches of a source and gives its address. */
  open(id: number, column: string, source: BatchSource): bigint {
    const structs = new FeedStructs({ id, column, source, functions: this.#functions });
    const board = new BatchBoard(source.board);
    this.#feeds.set(id, { board, structs, hasEnded: false, isClosed: false });
    return structs.stream;
  }

  /** Forgets a feed, once all of its batches that were handed out are released. */
  close(id: number): void {
    const feed = this.#feeds.get(id);
    if (feed === undefined) return;
    feed.isClosed = true;
    this.#forgetUnread(id, feed);
  }

  #forgetUnread(id: number, { board, isClosed }: Feed): void {
    if (isClosed && !board.isHeld) this.#feeds.delete(id);
  }

  #getSchema(stream: Pointer, out: Pointer): number {
    const feed = this.#feedOf(stream);
    if (feed === undefined) return FAILURE;
    native().copyMemory(out, feed.structs.schema, SCHEMA_BYTES);
    return 0;
  }

  #getNext(stream: Pointer, out: Pointer): number {
    const feed = this.#feedOf(stream);
    const taken = feed?.board.take();
    if (feed === undefined || taken === undefined) return FAILURE;
    if (taken.kind === 'batch') {
      native().copyMemory(out, feed.structs.batch(taken.name, taken.rows), ARRAY_BYTES);
      return 0;
    }
    return taken.kind === 'end' ? this.#end(feed, out) : FAILURE;
  }

  /** A scan asks no more when it was told the end: who asks then would read the feed again, and find no rows. */
  #end(feed: Feed, out: Pointer): number {
    if (feed.hasEnded) {
      feed.board.refuse();
      return FAILURE;
    }
    feed.hasEnded = true;
    native().copyMemory(out, feed.structs.end, ARRAY_BYTES);
    return 0;
  }

  #releaseBatch(array: Pointer): void {
    const key = Number(koffi.decode(array, PRIVATE_DATA_OF_ARRAY, 'uint64_t'));
    const id = FeedStructs.idOf(key);
    const feed = this.#feeds.get(id);
    markReleased(array, RELEASE_OF_ARRAY);
    if (feed === undefined) return;
    feed.board.release(feed.structs.nameOf(key));
    this.#forgetUnread(id, feed);
  }

  #feedOf(stream: Pointer): Feed | undefined {
    const id = koffi.decode(stream, PRIVATE_DATA_OF_STREAM * 8, 'uint64_t');
    return this.#feeds.get(Number(id));
  }
}

/** What DuckDB says when a feed has ended before its rows did. */
export const FEED_REFUSED = 'pitwall: the feed was refused';

function register(type: ReturnType<typeof koffi.pointer>, call: (...args: Pointer[]) => unknown): bigint {
  return koffi.address(koffi.register(call, type));
}

/** As Arrow wants it: who releases a struct sets its `release` to NULL. */
function markReleased(struct: Pointer, offset: number): void {
  koffi.encode(struct, offset, 'uint64_t', 0n);
}
