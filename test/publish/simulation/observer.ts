import { createHash } from 'node:crypto';
import type { CommitOutcome } from '../../../src/execute/commit-record.ts';
import type { Manifest, PublishedOutput } from '../../../src/publish/manifest.ts';
import type { Publication } from '../../../src/publish/publication.ts';
import type { WriteCondition } from '../../../src/storage/storage.ts';
import type { ModelStore } from './model-store.ts';

/** Watches the store after every change, and the drivers' outcomes, for what may never be. */
export class Observer {
  readonly publications: Publication[] = [];
  readonly #store: string;
  readonly #outputs: string;
  /** Whether a name can get back the very version that it had: then a condition does not keep every late write out. */
  readonly #versionsReturn: boolean;
  readonly #records = new Map<string, string>();
  readonly #manifests = new Map<number, Manifest>();
  readonly #foreign = new Map<string, string>();
  readonly #zombies = new Set<string>();
  /** What zombies wrote: the next run takes it for a file of the user's, and may put it back. */
  readonly #late = new Set<string>();
  /** While versions return, a late write can come between a look and the manifest; it is undone later. */
  #checksEtags: boolean;
  #model: ModelStore | undefined;
  /** The first promise that was broken, also by a call whose outcome nobody waits for. */
  violation: string | undefined;

  constructor(store: string, outputs: string, versionsReturn: boolean) {
    this.#store = store;
    this.#outputs = outputs;
    this.#versionsReturn = versionsReturn;
    this.#checksEtags = !versionsReturn;
  }

  watch(model: ModelStore): void {
    this.#model = model;
    for (const url of this.#outputUrls()) this.#foreign.set(url, this.#hash(url));
  }

  get wroteLate(): boolean {
    return this.#late.size > 0;
  }

  readonly onChange = (url: string, condition?: WriteCondition): void => {
    if (this.#model === undefined) return;
    if (url.includes('/records/')) this.#checkRecord(url);
    if (url.startsWith(`${this.#store}/manifest/`)) this.#noteManifest(url);
    if (this.#isOutput(url)) this.#noteZombie(url, condition);
    // After a late write others may take it for the user's file, until it is undone.
    if (this.#late.size > 0) return;
    if (this.#isOutput(url) || url.startsWith(`${this.#store}/manifest/`)) this.#checkOutputs();
  };

  checkCommit(url: string, attempt: string, { kind, record }: CommitOutcome): void {
    const isOwn = record.attempt === attempt;
    if (isOwn !== (kind === 'committed'))
      this.#fail(`${url}: ${attempt} was told ${kind}, by ${record.attempt}`);
    if (this.#records.get(url) !== hashOf(JSON.stringify(record)))
      this.#fail(`${url}: ${attempt} was shown another record`);
  }

  /** A driver was told that its run is published. */
  checkPublished(publication: Publication): void {
    const isThere = [...this.#manifests.values()].some(
      (manifest) => manifest.publishing === undefined && isSame(manifest.outputs, publication.outputs),
    );
    if (!isThere) this.#fail(`run ${publication.runId} was told published, and no manifest says so`);
  }

  /** Once all is quiet and a healthy driver has rolled forward. */
  checkEnd(toleratesLate: boolean): void {
    const latest = this.#latest();
    if (latest?.publishing !== undefined) this.#fail('an announcement is left');
    if (!toleratesLate) this.#forgetUndone();
    this.#checkOutputs();
    const outputs = latest?.outputs ?? [];
    const isWhole = outputs.length === 0 || this.publications.some((each) => isSame(outputs, each.outputs));
    if (!isWhole) this.#fail(`what is published is no run's: ${outputs.map(({ from }) => from).join(', ')}`);
    for (const { from, sha256 } of outputs) if (this.#hash(from) !== sha256) this.#fail(`${from} is lost`);
  }

  /** A late file must have been undone, unless another run took it for the user's and put it back. */
  #forgetUndone(): void {
    this.#zombies.clear();
    this.#checksEtags = true;
    const backups = this.#model?.urls().filter((url) => url.includes('/backup/')) ?? [];
    const keptHashes = new Set(backups.map((url) => this.#hash(url)));
    for (const late of this.#late) if (!keptHashes.has(late.split(' ')[1] ?? '')) this.#late.delete(late);
  }

  #checkRecord(url: string): void {
    const before = this.#records.get(url);
    if (before !== undefined && before !== this.#hash(url)) this.#fail(`${url} was written twice`);
    this.#records.set(url, this.#hash(url));
  }

  #noteManifest(url: string): void {
    if (!this.#model?.objects.has(url)) return;
    const manifest = this.#model.json(url) as Manifest;
    this.#manifests.set(manifest.sequence, manifest);
  }

  /** A write that no announcement in force asks for: its writer slept between look and write. */
  #noteZombie(url: string, condition: WriteCondition | undefined): void {
    const { publishing } = this.#latest() ?? {};
    const isAnnounced = publishing?.files.some(
      ({ from, to }) => to === url && this.#hash(from) === this.#hash(url),
    );
    const isGone = !this.#model?.objects.has(url) && publishing?.stale.some((stale) => stale.url === url);
    if (isAnnounced || isGone) this.#zombies.delete(url);
    else if (!this.#versionsReturn && condition?.kind !== 'absent') this.#fail(`${url} was written late`);
    else {
      this.#zombies.add(url);
      this.#late.add(`${url} ${this.#hash(url)}`);
    }
  }

  #checkOutputs(): void {
    const latest = this.#latest();
    const allowed = allowedHashes(latest, latest && this.#manifests.get(latest.sequence - 1));
    for (const url of this.#outputUrls()) {
      const hash = this.#hash(url);
      const isKnown =
        allowed.get(url)?.has(hash) || this.#foreign.get(url) === hash || this.#late.has(`${url} ${hash}`);
      if (!isKnown && !this.#zombies.has(url))
        this.#fail(`${url} is not what manifest ${latest?.sequence} says`);
    }
    if (latest?.publishing !== undefined) return;
    for (const { url, sha256, etag } of latest?.outputs ?? []) {
      if (
        this.#hash(url) !== sha256 &&
        !this.#zombies.has(url) &&
        !this.#late.has(`${url} ${this.#hash(url)}`)
      )
        this.#fail(`${url} is missing or mixed under manifest ${latest?.sequence}`);
      if (this.#checksEtags && this.#model?.objects.get(url)?.etag !== etag && !this.#zombies.has(url))
        this.#fail(`${url} has another etag than manifest ${latest?.sequence} says`);
    }
  }

  #fail(message: string): never {
    this.violation ??= message;
    throw new Error(message);
  }

  #latest(): Manifest | undefined {
    return this.#manifests.get(Math.max(...this.#manifests.keys()));
  }

  #outputUrls(): string[] {
    return this.#model?.urls().filter((url) => this.#isOutput(url)) ?? [];
  }

  #isOutput(url: string): boolean {
    return url.startsWith(`${this.#outputs}/`) && !url.startsWith(`${this.#store}/`);
  }

  #hash(url: string): string {
    return this.#model?.sha256(url) ?? 'nothing';
  }
}

function allowedHashes(latest: Manifest | undefined, before: Manifest | undefined): Map<string, Set<string>> {
  const allowed = new Map<string, Set<string>>();
  const add = (outputs: readonly PublishedOutput[] = []) => {
    for (const { url, sha256 } of outputs) allowed.set(url, (allowed.get(url) ?? new Set()).add(sha256));
  };
  add(latest?.outputs);
  add(latest?.publishing?.outputs);
  // While an announcement is taken back, its files still lie there.
  if (latest?.publishing?.putsBack) add(before?.publishing?.outputs);
  return allowed;
}

function isSame(one: readonly PublishedOutput[], another: readonly PublishedOutput[]): boolean {
  const list = (outputs: readonly PublishedOutput[]) =>
    outputs.map(({ url, sha256 }) => `${url} ${sha256}`).sort();
  return JSON.stringify(list(one)) === JSON.stringify(list(another));
}

export function hashOf(text: string | Uint8Array): string {
  return createHash('sha256').update(text).digest('hex');
}
