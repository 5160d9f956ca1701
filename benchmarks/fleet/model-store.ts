import { dirname } from 'node:path/posix';
import type { Storage, StoredObject } from '../../src/storage/storage.ts';
import { RateLimit } from './rate-limit.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** An object store at a distance, of which a driver is one of many users. */
export interface StoreModel {
  readonly getsPerSecond: number;
  readonly putsPerSecond: number;
  readonly latencyMs: number;
  /** Of the driver's processor, for a request, and for reading a page of a listing on top. */
  readonly requestCpuMs: number;
  readonly pageCpuMs: number;
  readonly pageSize: number;
}

/** Objects in memory, whose requests take their time on a virtual clock. */
export class ModelStore {
  readonly gets: RateLimit;
  readonly puts: RateLimit;
  readonly #clock: VirtualClock;
  readonly #model: StoreModel;
  readonly #folders = new Map<string, Map<string, Uint8Array>>();

  constructor(clock: VirtualClock, model: StoreModel) {
    this.#clock = clock;
    this.#model = model;
    this.gets = new RateLimit(model.getsPerSecond);
    this.puts = new RateLimit(model.putsPerSecond);
  }

  /** What another machine writes, once its request has been taken. */
  putFromAfar(url: string, bytes: Uint8Array): void {
    this.#folder(dirname(url)).set(url, bytes);
  }

  /** What the driver sees of it: what the engines of clusters ask for. */
  asStorage(): Storage {
    const asked: Pick<Storage, 'listFolder' | 'read' | 'head' | 'writeAtomic' | 'delete'> = {
      listFolder: (folder) => this.#list(folder),
      read: async (url) => {
        await this.#request(this.gets);
        const bytes = this.#folder(dirname(url)).get(url);
        if (bytes === undefined) throw new Error(`${url} does not exist`);
        return bytes;
      },
      head: async (url) => {
        await this.#request(this.gets);
        const bytes = this.#folder(dirname(url)).get(url);
        return bytes && toObject(url, bytes);
      },
      writeAtomic: async (url, bytes) => {
        await this.#request(this.puts);
        this.putFromAfar(url, bytes);
        return { kind: 'written', etag: url };
      },
      delete: async (url) => {
        await this.#request(this.puts);
        this.#folder(dirname(url)).delete(url);
      },
    };
    return asked as Storage;
  }

  /** Of a page that changes while it is read, what was there when it was asked for. */
  async *#list(folder: string): AsyncGenerator<StoredObject> {
    const { pageSize, pageCpuMs } = this.#model;
    await this.#request(this.gets);
    const objects = [...this.#folder(folder)];
    for (let start = 0; start < objects.length; start += pageSize) {
      if (start > 0) await this.#request(this.gets);
      this.#clock.charge(pageCpuMs);
      for (const [url, bytes] of objects.slice(start, start + pageSize)) yield toObject(url, bytes);
    }
  }

  async #request(limit: RateLimit): Promise<void> {
    const { requestCpuMs, latencyMs } = this.#model;
    this.#clock.charge(requestCpuMs);
    const { nowMs } = this.#clock;
    await this.#clock.sleep(limit.take(nowMs) - nowMs + latencyMs);
  }

  #folder(url: string): Map<string, Uint8Array> {
    const folder = this.#folders.get(url) ?? new Map<string, Uint8Array>();
    this.#folders.set(url, folder);
    return folder;
  }
}

function toObject(url: string, bytes: Uint8Array): StoredObject {
  return { url, sizeBytes: bytes.length, etag: url };
}
