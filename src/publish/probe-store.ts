import { randomUUID } from 'node:crypto';
import { PitwallError } from '../error.ts';
import { settleAll } from '../plan/settle-all.ts';
import type { Storage } from '../storage/storage.ts';

const RACERS = 4;
const UUID_BYTES = 36;

/**
 * Proves that a store creates an object once: a second creator is refused, and of racing ones one wins, on which every
 * commit rests; and that it replaces the version that it is told to, on which outputs' names do.
 *
 * @throws PitwallError (`output`) when it does not
 */
export async function probeStore(storage: Storage, store: string): Promise<void> {
  const folder = `${store}/probe/${randomUUID()}`;
  const [once, race] = [`${folder}/once`, `${folder}/race`];
  try {
    // Side by side: at a distance each answer takes its time.
    await settleAll([probeOne(storage, store, once), probeRace(storage, store, race)]);
    if ((await storage.copy(race, once, { kind: 'absent' }, UUID_BYTES)).kind === 'written')
      throw unsafe(store, 'copies over an object that exists');
  } finally {
    await settleAll([storage.delete(once), storage.delete(race)]);
    await storage.pruneFolders(once, store);
  }
}

async function probeOne(storage: Storage, store: string, once: string): Promise<void> {
  if ((await createAll(storage, once, 1)) !== 1) throw unsafe(store, 'refuses to create an object');
  if ((await createAll(storage, once, 1)) !== 0) throw unsafe(store, 'creates an object that exists');
  if (!(await refusesStale(storage, once)))
    throw unsafe(store, 'replaces another version than it was told to');
}

async function probeRace(storage: Storage, store: string, race: string): Promise<void> {
  const winners = await createAll(storage, race, RACERS);
  if (winners !== 1) throw unsafe(store, `let ${winners} of ${RACERS} racing creators of an object win`);
}

/** Whether a write over a version that lies there no more is refused. */
async function refusesStale(storage: Storage, url: string): Promise<boolean> {
  const before = await storage.head(url);
  if (before === undefined) return false;
  await storage.writeAtomic(url, Uint8Array.of(1));
  const stale = { kind: 'match', etag: before.etag } as const;
  return (await storage.writeAtomic(url, Uint8Array.of(2), stale)).kind === 'refused';
}

/** How many of creators at once were told that they created the object. Each knows its own by its bytes, as all do. */
async function createAll(storage: Storage, url: string, creators: number): Promise<number> {
  const writes = Array.from({ length: creators }, () =>
    storage.writeAtomic(url, Buffer.from(randomUUID()), { kind: 'absent' }),
  );
  return (await Promise.all(writes)).filter(({ kind }) => kind === 'written').length;
}

function unsafe(store: string, what: string): PitwallError {
  const message = `cannot keep runs in ${store}: it ${what}, so that two runs could spoil each other's; choose a store with conditional writes, or see to it that no other run of the job is at work and give --single-writer`;
  return new PitwallError('output', message);
}
