import type { Storage } from '../storage/storage.ts';
import type { Lease } from './lease.ts';
import { leaseUrl } from './lease-file.ts';

/** Takes away what a run that left nothing has made. */
export type ForgetStore = (lease: Pick<Lease, 'epoch'>) => Promise<void>;

/** Notes which folders there are before a run: one that neither publishes nor commits anything leaves no others. */
export async function watchStore(storage: Storage, store: string): Promise<ForgetStore> {
  const existing = await storage.nearestFolder(`${store}/lease`);
  return async ({ epoch }) => {
    if (existing === undefined || existing.startsWith(store) || !(await isUnused(storage, store))) return;
    const url = leaseUrl(store, epoch);
    await storage.delete(url);
    await storage.pruneFolders(url, existing);
  };
}

async function isUnused(storage: Storage, store: string): Promise<boolean> {
  for (const part of ['manifest', 'runs'])
    for await (const _ of storage.listFolder(`${store}/${part}`)) return false;
  return true;
}
