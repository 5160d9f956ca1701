import { createHash } from 'node:crypto';
import { PitwallError } from '../../../src/error.ts';
import type { Storage, StoredObject, WriteCondition, WriteOutcome } from '../../../src/storage/storage.ts';
import type { Driver, World } from './world.ts';

interface ModelObject {
  readonly bytes: Uint8Array;
  readonly etag: string;
}

type OnChange = (url: string, condition?: WriteCondition) => void;

/**
 * A store in memory that keeps every promise of `Storage`, one call at a time. `etags`: `unique`: a new one for each
 * write; `linked`: a copy has that of its source, as a hard link has.
 */
export class ModelStore {
  readonly objects = new Map<string, ModelObject>();
  readonly #world: World;
  readonly #etags: 'unique' | 'linked';
  readonly #onChange: OnChange;
  /** `<driver> <url>`: where its copies fail, as for want of a right. */
  readonly broken = new Set<string>();
  #writes = 0;

  constructor(world: World, etags: 'unique' | 'linked', onChange: OnChange) {
    this.#world = world;
    this.#etags = etags;
    this.#onChange = onChange;
  }

  /** The store as one driver has it. */
  of(driver: Driver): Storage {
    const read = <T>(name: string, effect: () => T) => this.#world.call(driver, name, false, effect);
    const write = <T>(name: string, effect: () => T) => this.#world.call(driver, name, true, effect);
    const below = (folder: string) => this.urls().filter((url) => url.startsWith(`${folder}/`));
    const listFolder = async function* (this: ModelStore, folder: string): AsyncGenerator<StoredObject> {
      yield* await read(`list ${folder}`, () => below(folder).map((url) => this.#toObject(url)));
    }.bind(this);
    const readStream = async function* (this: ModelStore, url: string): AsyncGenerator<Uint8Array> {
      yield await read(`stream ${url}`, () => this.#get(url).bytes);
    }.bind(this);
    return {
      list: () => {
        throw new Error('the protocol lists folders only');
      },
      listFolder,
      readStream,
      readInto: () => Promise.reject(new Error('not modelled')),
      subfolders: () => Promise.reject(new Error('not modelled')),
      nearestFolder: async () => undefined,
      put: () => Promise.reject(new Error('not modelled')),
      upload: () => Promise.reject(new Error('not modelled')),
      download: () => Promise.reject(new Error('not modelled')),
      deleteFolder: () => Promise.reject(new Error('not modelled')),
      deleteUnfinished: async () => undefined,
      pruneFolders: async () => undefined,
      head: (url) => read(`head ${url}`, () => (this.objects.has(url) ? this.#toObject(url) : undefined)),
      read: (url) => read(`read ${url}`, () => this.#get(url).bytes),
      writeAtomic: (url, bytes, condition) =>
        write(`write ${url} ${condition?.kind ?? ''}`, () => this.#write(url, { bytes }, condition)),
      copy: (from, to, condition) =>
        write(`copy ${from} ${to} ${condition?.kind ?? ''}`, () => this.#copy(driver, from, to, condition)),
      delete: (url) => write(`delete ${url}`, () => void this.#delete(url)),
      deleteVersion: (url, etag) =>
        write(`delete ${url} match`, () => this.objects.get(url)?.etag === etag && this.#delete(url)),
    };
  }

  urls(): string[] {
    return [...this.objects.keys()].sort();
  }

  sha256(url: string): string | undefined {
    const object = this.objects.get(url);
    return object && createHash('sha256').update(object.bytes).digest('hex');
  }

  json(url: string): unknown {
    return JSON.parse(new TextDecoder().decode(this.#get(url).bytes));
  }

  #get(url: string): ModelObject {
    const object = this.objects.get(url);
    if (object === undefined) throw new PitwallError('data', `cannot read ${url}: it is not there`);
    return object;
  }

  #toObject(url: string): StoredObject {
    const { bytes, etag } = this.#get(url);
    return { url, sizeBytes: bytes.length, etag };
  }

  #copy(driver: Driver, from: string, to: string, condition?: WriteCondition): WriteOutcome {
    if (this.broken.has(`${driver.name} ${to}`))
      throw new PitwallError('output', `cannot write ${to}: permission is denied`);
    const { bytes, etag } = this.#get(from);
    return this.#write(to, this.#etags === 'linked' ? { bytes, etag } : { bytes }, condition);
  }

  #write(
    url: string,
    { bytes, etag = `v${++this.#writes}` }: { bytes: Uint8Array; etag?: string },
    condition?: WriteCondition,
  ): WriteOutcome {
    const current = this.objects.get(url);
    if (condition?.kind === 'absent' && current !== undefined) return { kind: 'refused' };
    if (condition?.kind === 'match' && current?.etag !== condition.etag) return { kind: 'refused' };
    this.objects.set(url, { bytes, etag });
    this.#onChange(url, condition);
    return { kind: 'written', etag };
  }

  #delete(url: string): true {
    this.objects.delete(url);
    this.#onChange(url);
    return true;
  }
}
