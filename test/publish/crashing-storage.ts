import type { Storage } from '../../src/storage/storage.ts';

/** What a process does that is killed: nothing more. */
export class Killed extends Error {}

/** A storage whose process is killed after so many calls: `calls` counts them. */
export function crashingStorage(storage: Storage, after: number): { storage: Storage; calls: () => number } {
  let calls = 0;
  const count = () => {
    calls += 1;
    if (calls > after) throw new Killed();
  };
  const handler: ProxyHandler<Storage> = {
    get: (target, name) => {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== 'function') return method;
      return (...args: unknown[]) => {
        count();
        return method(...args);
      };
    },
  };
  return { storage: new Proxy(storage, handler), calls: () => calls };
}
