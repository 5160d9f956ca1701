/**
 * Where files lie, under one contract for local disks and object stores: whole objects, conditional writes,
 * listings that are complete or an error. A `url` is an absolute path or `scheme://bucket/key`.
 * Every driver passes test/storage/contract.ts.
 */
export interface Storage {
  /**
   * The objects whose url matches a glob (`*`, `?`, `[…]`, `{a,b}`, `**`), ordered byte-wise by url. A pattern that
   * exists as it is written is that object, whatever characters it holds. Nothing found gives nothing.
   */
  list(pattern: string): AsyncIterable<StoredObject>;

  /** Every object below a folder, at any depth, ordered as `list` orders. No character of its name is a glob. */
  listFolder(folder: string): AsyncIterable<StoredObject>;

  /** The urls of the folders directly in a folder, ordered; none when it does not exist. */
  subfolders(folder: string): Promise<string[]>;

  /** The object, or `undefined` when there is none. A folder is an error. */
  head(url: string): Promise<StoredObject | undefined>;

  /** The deepest folder above a url or pattern that exists, for messages. */
  nearestFolder(url: string): Promise<string | undefined>;

  /** The bytes of `range`, or all; fewer when the object ends before. An object that is missing is an error. */
  read(url: string, options?: ReadOptions): Promise<Uint8Array>;

  /** Fills memory with the bytes from `start` on. @throws PitwallError (`data`) when the object ends before */
  readInto(url: string, into: Uint8Array, options: ReadIntoOptions): Promise<void>;

  /** The same as `read`, in chunks. */
  readStream(url: string, options?: ReadOptions): AsyncIterable<Uint8Array>;

  /**
   * Writes the bytes into a file of this machine, from position `at` on; makes the file when there is none, and leaves
   * its other bytes as they are. Several may write into one file. Gives how many bytes were written.
   */
  download(url: string, localPath: string, options?: DownloadOptions): Promise<number>;

  /** Writes the object whole or not at all, durably. */
  writeAtomic(url: string, bytes: Uint8Array, condition?: WriteCondition): Promise<WriteOutcome>;

  /**
   * Gives the object at `from` a second name, without its bytes passing through this process; durably. `sizeBytes` is what
   * the caller knows it to have, which may spare a look at it.
   */
  copy(from: string, to: string, condition?: WriteCondition, sizeBytes?: number): Promise<WriteOutcome>;

  /** Writes the bytes of a file of this machine to a url, whole or not at all, durably. The file stays. */
  upload(localPath: string, url: string, condition?: WriteCondition): Promise<WriteOutcome>;

  /** Moves a file of this machine to a url, over what lies there; durably. The file is gone afterwards. */
  put(localPath: string, url: string, options?: PutOptions): Promise<void>;

  /** Deletes the object; one that is already gone is no error. */
  delete(url: string): Promise<void>;

  /** Deletes the object if its etag is this one. False when another version, or nothing, lies there. */
  deleteVersion(url: string, etag: string): Promise<boolean>;

  /** Deletes everything below a folder, which no other process may be writing to. */
  deleteFolder(folder: string): Promise<void>;

  /**
   * Takes away what writers that died before they ended left below a folder, in which nobody writes now. Object stores
   * show nothing of such a write.
   */
  deleteUnfinished(folder: string): Promise<void>;

  /** Takes away the folders between `root` and a url that hold nothing. Object stores have no such folders. */
  pruneFolders(url: string, root: string): Promise<void>;
}

export interface StoredObject {
  readonly url: string;
  readonly sizeBytes: number;
  /** Changes whenever the content does. */
  readonly etag: string;
}

/** Bytes from `start` up to, not including, `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end?: number | undefined;
}

export interface PutOptions {
  /** Stops the writing where it takes its time; it throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

export interface ReadOptions extends Partial<ByteRange> {
  /** The version that has to be read; that another lies there is an error (`data`). */
  readonly version?: ObjectVersion | undefined;
  /** Stops the reading; it throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

export interface ReadIntoOptions extends Pick<ReadOptions, 'version' | 'signal'> {
  readonly start: number;
}

export interface DownloadOptions extends ReadOptions {
  /** Where in the file the first byte goes; 0 by default. */
  readonly at?: number | undefined;
}

export type ObjectVersion = Pick<StoredObject, 'sizeBytes' | 'etag'>;

/** `absent`: only when nothing lies there; `match`: only over the version of this etag. */
export type WriteCondition = { readonly kind: 'absent' } | { readonly kind: 'match'; readonly etag: string };

/** `refused`: the condition did not hold and nothing was written. */
export type WriteOutcome = { readonly kind: 'written'; readonly etag: string } | { readonly kind: 'refused' };
