import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FetchedFiles } from '../../src/execute/fetched-files.ts';
import { openText } from '../../src/execute/text-source.ts';
import type { PlannedFile, PlannedInput } from '../../src/plan/plan.ts';
import { localStorage } from '../../src/storage/local.ts';
import type { Storage } from '../../src/storage/storage.ts';
import { folderWith, someInput } from '../plan/some-input.ts';

const HEADER = 'id,text\n';
const LINE = `1,${'x'.repeat(60)}\n`;
/** Several parts. */
const TEXT = HEADER + LINE.repeat(300_000);

interface Fake {
  readonly input: PlannedInput;
  readonly scratch: string;
  readonly fetched: FetchedFiles;
  open(signal?: AbortSignal): ReturnType<typeof openText>;
}

/** An input of one object of a store, whose downloads go as `download` says. */
async function someObject(
  changes: Partial<PlannedFile> = {},
  download: (next: () => Promise<number>) => Promise<number> = (next) => next(),
): Promise<Fake> {
  const folder = await folderWith({ 'a.csv': TEXT });
  const scratch = await folderWith();
  const local = localStorage();
  const near = (url: string) => url.replace('far://', '');
  const url = `far://${folder}/a.csv`;
  const storage: Storage = {
    ...local,
    read: (from, options) => local.read(near(from), options),
    readStream: (from, options) => local.readStream(near(from), options),
    download: (from, to, options) => download(() => local.download(near(from), to, options)),
  };
  const found = await local.head(near(url));
  const file: PlannedFile = {
    ...{ url, path: url, sizeBytes: TEXT.length, etag: found?.etag ?? '', compression: 'none', layout: 0 },
    ...{ pathValues: [], rows: undefined, bodyStart: HEADER.length, ...changes },
  };
  const pruned = { files: 0, bytes: 0 };
  const input = { name: 'a', input: someInput(), columns: [], layouts: [], files: [file], pruned };
  const fetched = new FetchedFiles({ storage, folder: join(scratch, 'fetched') });
  const open = (signal = new AbortController().signal) =>
    openText(input, { storage, fetched, scratch, signal });
  return { input, scratch, fetched, open };
}

/** What lies in a folder and those below. */
async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

describe('the text of local files', () => {
  it('is their bodies, or parts of them, all there at once', async () => {
    const { input } = await someObject();
    const [file] = input.files as [PlannedFile];
    const whole = { ...file, url: '/data/a.csv', path: '/data/a.csv' };
    const files: PlannedFile[] = [whole, { ...whole, part: { kind: 'bytes', start: 20, end: 50 } }];
    const nowhere = { storage: localStorage(), fetched: undefined as never, scratch: '' };
    const { signal } = new AbortController();
    const text = await openText({ ...input, files }, { ...nowhere, signal });
    expect(text.ranges).toEqual([
      { path: '/data/a.csv', start: HEADER.length, end: TEXT.length },
      { path: '/data/a.csv', start: 20, end: 50 },
    ]);
    const arrived: number[] = [];
    await text.begin((range) => arrived.push(range));
    await text.arrived();
    await text.close();
    expect(arrived).toEqual([0, 1]);
  });
});

describe('the text of an object', () => {
  it('comes in parts whose lines are those of the body, each once', async () => {
    const { open } = await someObject();
    const text = await open();
    expect(text.ranges.length).toBeGreaterThan(2);
    const bodies: string[] = [];
    const reads: Promise<void>[] = [];
    await text.begin((index) => {
      const { path = '', start, end } = text.ranges[index] ?? {};
      const read = async () => {
        bodies[index] = (await readFile(path, 'utf8')).slice(start, end);
      };
      reads.push(read());
    });
    await Promise.all(reads);
    expect(reads).toHaveLength(text.ranges.length);
    expect(bodies.join('') === TEXT.slice(HEADER.length)).toBe(true);
    await text.close();
  });

  it('leaves nothing in the scratch folder when it is closed', async () => {
    const { open, scratch } = await someObject();
    const text = await open();
    await text.begin(() => undefined);
    expect((await filesIn(scratch)).length).toBe(2 * text.ranges.length);
    await text.close();
    expect(await filesIn(scratch)).toEqual([]);
  });

  it('is the part that the plan gave, and gone when it is closed', async () => {
    const [start, end] = [HEADER.length + LINE.length * 10, HEADER.length + LINE.length * 20];
    const part = { kind: 'bytes', start, end } as const;
    const { open, scratch } = await someObject({ part, sizeBytes: end - start, objectBytes: TEXT.length });
    const text = await open();
    await text.begin(() => undefined);
    const [range] = text.ranges;
    expect(text.ranges).toHaveLength(1);
    expect((await readFile(range?.path ?? '', 'utf8')).slice(range?.start, range?.end)).toBe(LINE.repeat(10));
    await text.close();
    expect(await filesIn(scratch)).toEqual([]);
  });

  it('is the whole file where that was fetched before, which stays', async () => {
    const { open, fetched, input } = await someObject();
    const [file] = input.files as [PlannedFile];
    const path = await fetched.fetch(file);
    const text = await open();
    expect(text.ranges).toMatchObject([{ start: HEADER.length, end: TEXT.length }]);
    await text.begin(() => undefined);
    await text.close();
    expect((await readFile(path)).length).toBe(TEXT.length);
  });

  it('tells what it could not be fetched for, in what waits for it', async () => {
    const fail = async () => {
      throw new Error('no route to the store');
    };
    const { open, scratch } = await someObject({}, fail);
    const text = await open();
    await expect(text.begin(() => undefined)).rejects.toThrow('no route to the store');
    await expect(text.arrived()).rejects.toThrow('no route to the store');
    await text.close();
    expect(await filesIn(scratch)).toEqual([]);
  });

  it('stops coming when it is closed, or the work is aborted', async () => {
    for (const end of ['close', 'abort'] as const) {
      let answer = (): void => undefined;
      const answered = new Promise<void>((resolve) => {
        answer = resolve;
      });
      const aborting = new AbortController();
      const { open, scratch } = await someObject({}, (next) => answered.then(next));
      const text = await open(aborting.signal);
      const coming = text.begin(() => undefined).catch((error: Error) => error.message);
      if (end === 'abort') aborting.abort(new Error('the work was aborted'));
      const closed = text.close();
      answer();
      await closed;
      expect(await filesIn(scratch)).toEqual([]);
      expect(await coming).toBe(end === 'close' ? 'the input is read no more' : 'the work was aborted');
    }
  });
});
