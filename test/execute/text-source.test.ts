import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { TextRange } from '../../src/decode/text-units.ts';
import { FetchedFiles } from '../../src/execute/fetched-files.ts';
import { openText, partMemories } from '../../src/execute/text-source.ts';
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

/** An input of one object of a store, whose requests for bytes go as `request` says. */
async function someObject(
  changes: Partial<PlannedFile> = {},
  request: <T>(next: () => Promise<T>) => Promise<T> = (next) => next(),
  content = TEXT,
): Promise<Fake> {
  const folder = await folderWith({ 'a.csv': content });
  const scratch = await folderWith();
  const local = localStorage();
  const near = (url: string) => url.replace('far://', '');
  const url = `far://${folder}/a.csv`;
  const storage: Storage = {
    ...local,
    read: (from, options) => local.read(near(from), options),
    readStream: (from, options) => local.readStream(near(from), options),
    readInto: (from, into, options) => request(() => local.readInto(near(from), into, options)),
    download: (from, to, options) => request(() => local.download(near(from), to, options)),
  };
  const found = await local.head(near(url));
  const file: PlannedFile = {
    ...{ url, path: url, sizeBytes: content.length, etag: found?.etag ?? '', compression: 'none', layout: 0 },
    ...{ pathValues: [], rows: undefined, bodyStart: HEADER.length, ...changes },
  };
  const pruned = { files: 0, bytes: 0 };
  const input = { name: 'a', input: someInput(), columns: [], layouts: [], files: [file], pruned };
  const fetched = new FetchedFiles({ storage, folder: join(scratch, 'fetched') });
  const open = (signal = new AbortController().signal) =>
    openText(input, { fetched, memories: partMemories(), scratch, signal });
  return { input, scratch, fetched, open };
}

/** Bytes of a range's text, from its pieces in memory. */
function textOf({ pieces, end }: TextRange, from: number, to: number): string {
  const parts = pieces.map(({ source, start }, index) => {
    const pieceEnd = pieces[index + 1]?.start ?? end;
    const [first, last] = [Math.max(from, start), Math.min(to, pieceEnd)];
    if (first >= last) return Buffer.alloc(0);
    return Buffer.from(new Uint8Array(source as SharedArrayBuffer).slice(first - start, last - start));
  });
  return Buffer.concat(parts).toString();
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
    const nowhere = { fetched: undefined as never, memories: partMemories(), scratch: '' };
    const { signal } = new AbortController();
    const text = await openText({ ...input, files }, { ...nowhere, signal });
    expect(text.ranges).toEqual([
      { pieces: [{ source: '/data/a.csv', start: 0 }], start: HEADER.length, end: TEXT.length },
      { pieces: [{ source: '/data/a.csv', start: 0 }], start: 20, end: 50 },
    ]);
    const arrived: number[][] = [];
    await text.begin((...more) => arrived.push(more));
    await text.close();
    expect(arrived).toEqual([
      [0, TEXT.length],
      [1, 50],
    ]);
  });
});

describe('the text of an object', () => {
  it('comes in parts, of which what is told to be there can be read, by a request each', async () => {
    let requests = 0;
    const { open, scratch } = await someObject({}, (next) => {
      requests++;
      return next();
    });
    const text = await open();
    const [range] = text.ranges as [TextRange];
    expect(range).toMatchObject({ start: HEADER.length, end: TEXT.length });
    expect(range.pieces.length).toBeGreaterThan(2);
    const ends: number[] = [];
    await text.begin((index, end) => {
      expect([index, textOf(range, ends.at(-1) ?? 0, end) === TEXT.slice(ends.at(-1) ?? 0, end)]).toEqual([
        0,
        true,
      ]);
      ends.push(end);
    });
    expect(ends).toEqual(range.pieces.map((_, index) => range.pieces[index + 1]?.start ?? TEXT.length));
    expect(requests).toBe(range.pieces.length);
    expect(await filesIn(scratch)).toEqual([]);
    await text.close();
  });

  it('that is larger than the memory for it comes as far as there is room, and further when that was read', async () => {
    const { open } = await someObject({}, undefined, TEXT.repeat(5));
    const text = await open();
    const [range] = text.ranges as [TextRange];
    expect(new Set(range.pieces.map(({ source }) => source)).size).toBe(8);
    expect(range.pieces.length).toBeGreaterThan(10);
    let end = 0;
    let isRead = true;
    await text.begin((_, to) => {
      isRead &&= textOf(range, end, to) === TEXT.repeat(5).slice(end, to);
      end = to;
      text.drop(0, to - 1);
    });
    expect([isRead, end]).toEqual([true, 5 * TEXT.length]);
    await text.close();
  });

  it('is told in order, whichever part comes first', async () => {
    const waiting: (() => void)[] = [];
    let answerAll = (): void => undefined;
    const { open } = await someObject({}, async (next) => {
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        answerAll();
      });
      return next();
    });
    const text = await open();
    const parts = text.ranges[0]?.pieces.length ?? 0;
    answerAll = () => {
      if (waiting.length === parts) for (const answer of waiting.toReversed()) answer();
    };
    const ends: number[] = [];
    await text.begin((_, end) => ends.push(end));
    expect(ends).toEqual(ends.toSorted((a, b) => a - b));
    expect(ends).toHaveLength(parts);
    await text.close();
  });

  it('is the part that the plan gave, and gone when it is closed', async () => {
    const [start, end] = [HEADER.length + LINE.length * 10, HEADER.length + LINE.length * 20];
    const part = { kind: 'bytes', start, end } as const;
    const { open, scratch } = await someObject({ part, sizeBytes: end - start, objectBytes: TEXT.length });
    const text = await open();
    await text.begin(() => undefined);
    const [range] = text.ranges;
    expect(text.ranges).toHaveLength(1);
    const [piece] = range?.pieces ?? [];
    expect((await readFile(String(piece?.source), 'utf8')).slice(range?.start, range?.end)).toBe(
      LINE.repeat(10),
    );
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
    await text.close();
    expect(await filesIn(scratch)).toEqual([]);
  });

  it('tells what a part could not be fetched for while others wait for memory', async () => {
    let requests = 0;
    const failing = async <T>(next: () => Promise<T>): Promise<T> => {
      if (++requests === 3) throw new Error('the third was refused');
      return next();
    };
    const { open } = await someObject({}, failing, TEXT.repeat(5));
    const text = await open();
    await expect(text.begin(() => undefined)).rejects.toThrow('the third was refused');
    await text.close();
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
