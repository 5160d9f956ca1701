import { Readable } from 'node:stream';
import { compareUrls, globMatcher, isGlob } from './glob.ts';
import type { S3 } from './s3-client.ts';
import { keyPattern, literalHead, segmentMatcher } from './s3-glob.ts';
import { headObject } from './s3-head.ts';
import { listLevel } from './s3-level.ts';
import { type ListRequest, listPage, listPages, type Page } from './s3-list.ts';
import { parseS3Folder, s3Url } from './s3-url.ts';
import type { StoredObject } from './storage.ts';

type Objects = readonly StoredObject[];

/** The objects whose keys match a pattern, in pages and in order; only folders that can hold matches are listed. */
export async function* walkGlob(s3: S3, pattern: string): AsyncGenerator<Objects> {
  const { bucket, key } = parseS3Folder(pattern);
  const keys = key.replace(/\/$/, '');
  const { prefix, segments } = keyPattern(keys);
  const matches = globMatcher(keys);
  const start = s3Url(bucket, '').length;
  for await (const objects of walkSegments({ s3, bucket }, prefix, segments))
    yield objects.filter(({ url }) => matches(url.slice(start)));
}

/** Every object below a folder, in pages and in order. */
export async function* walkFolder(s3: S3, folder: string): AsyncGenerator<Objects> {
  const { bucket, key } = parseS3Folder(folder);
  yield* walkAll({ s3, bucket }, key);
}

interface Place {
  readonly s3: S3;
  readonly bucket: string;
}

async function* walkSegments(
  place: Place,
  prefix: string,
  segments: readonly string[],
): AsyncGenerator<Objects> {
  const [segment = '', ...rest] = segments;
  if (/\*\*|\//.test(segment)) yield* walkAll(place, prefix + literalHead(segment));
  else if (rest.length === 0) yield* namesIn(place, prefix, segment);
  else if (!isGlob(segment)) yield* walkSegments(place, `${prefix}${segment}/`, rest);
  else yield* walkFolders(place, foldersIn(place, prefix, segment), rest);
}

async function* namesIn({ s3, bucket }: Place, prefix: string, segment: string): AsyncGenerator<Objects> {
  if (isGlob(segment)) {
    const request = { bucket, prefix: prefix + literalHead(segment), isFlat: true };
    for await (const { objects } of listPages(s3, request)) yield objects;
  } else {
    const found = await headObject(s3, s3Url(bucket, prefix + segment));
    if (found !== undefined) yield [found];
  }
}

async function* foldersIn({ s3, bucket }: Place, prefix: string, segment: string): AsyncGenerator<string> {
  const matches = segmentMatcher(segment);
  for await (const entry of listLevel(s3, { bucket, prefix: prefix + literalHead(segment) }))
    if (entry.kind === 'folder' && matches(entry.prefix.slice(prefix.length, -1))) yield entry.prefix;
}

/** How many folders are listed together: of the innermost, of those around them, and where that is not known. */
const [INNER_AHEAD, OUTER_AHEAD, LEVEL_AHEAD] = [12, 2, 4];

/** The order of folders with their slashes is that of all that lies in them. */
async function* walkFolders(
  place: Place,
  folders: AsyncIterable<string>,
  rest: readonly string[],
): AsyncGenerator<Objects> {
  const isInner = rest.length === 1;
  yield* concatAhead(folders, {
    ahead: isInner ? INNER_AHEAD : OUTER_AHEAD,
    pages: isInner ? PAGES_AHEAD : 1,
    open: (folder) => walkSegments(place, folder, rest),
  });
}

/** How many pages of one listing wait in memory until those before it have been used. */
const PAGES_AHEAD = 4;

interface Concat<T> {
  readonly ahead: number;
  readonly pages: number;
  readonly open: (item: T) => AsyncIterable<Objects>;
}

/** The pages of all items in order, those of the next items read ahead. */
async function* concatAhead<T>(
  items: AsyncIterable<T> | Iterable<T>,
  { ahead, pages, open }: Concat<T>,
): AsyncGenerator<Objects> {
  const waiting: Readable[] = [];
  try {
    for await (const item of items) {
      waiting.push(readAhead(open(item), pages));
      if (waiting.length >= ahead) yield* first(waiting);
    }
    while (waiting.length > 0) yield* first(waiting);
  } finally {
    for (const stream of waiting) stream.destroy();
  }
}

async function* first(waiting: Readable[]): AsyncGenerator<Objects> {
  const stream: AsyncIterable<Objects> | undefined = waiting[0];
  if (stream !== undefined) yield* stream;
  waiting.shift();
}

function readAhead(pages: AsyncIterable<Objects>, most: number): Readable {
  const stream = Readable.from(pages, { objectMode: true, highWaterMark: most });
  // A failure is thrown to whoever reads it in its turn.
  stream.on('error', () => undefined);
  stream.read(0);
  return stream;
}

/** All below a prefix. What does not fit into one page is divided into ranges of keys that are listed side by side. */
async function* walkAll({ s3, bucket }: Place, prefix: string): AsyncGenerator<Objects> {
  const request = { bucket, prefix };
  const page = await listPage(s3, request);
  if (page.next !== undefined && !(await s3.ordersByBytes())) {
    yield* walkLevels({ s3, bucket }, prefix);
    return;
  }
  yield page.objects.toSorted((a, b) => compareUrls(a.url, b.url));
  const last = page.lastKey;
  if (page.next === undefined || last === undefined) return;
  const borders = await findBorders(s3, request, last);
  const ranges = [last, ...borders].map((after, n) => ({ ...request, after, until: borders[n] }));
  yield* concatAhead(ranges, {
    ahead: INNER_AHEAD,
    pages: PAGES_AHEAD,
    open: (range) => pagesUntil(s3, range),
  });
}

/** All below a prefix, folder by folder, for servers that do not list by bytes. */
async function* walkLevels(place: Place, prefix: string): AsyncGenerator<Objects> {
  yield* concatAhead(listLevel(place.s3, { bucket: place.bucket, prefix }), {
    ahead: LEVEL_AHEAD,
    pages: 1,
    open: (entry) => (entry.kind === 'folder' ? walkLevels(place, entry.prefix) : onePage(entry.objects)),
  });
}

async function* onePage(objects: Objects): AsyncGenerator<Objects> {
  yield objects;
}

interface KeyRange extends ListRequest {
  /** The last key of the range, if it is there. */
  readonly until: string | undefined;
}

async function* pagesUntil(s3: S3, { until, ...request }: KeyRange): AsyncGenerator<Objects> {
  const end = until === undefined ? undefined : s3Url(request.bucket, until);
  for await (const { objects } of listPages(s3, request)) {
    const inside = end === undefined ? objects : objects.filter(({ url }) => compareUrls(url, end) <= 0);
    yield inside;
    if (inside.length < objects.length) return;
  }
}

const MOST_BORDERS = 64;
/** How many folders that hold nothing but one folder are gone through. */
const MOST_LEVELS = 6;

/** Names of folders behind a key, that cut what is left into pieces; none where there are no folders. */
async function findBorders(s3: S3, { bucket, prefix }: ListRequest, after: string): Promise<string[]> {
  let level = prefix;
  for (let levels = 0; levels < MOST_LEVELS; levels++) {
    const page: Page = await listPage(s3, { bucket, prefix: level, isFlat: true, after });
    const borders = page.folders.filter((folder) => compareUrls(folder, after) > 0);
    if (borders.length > 1) return thinned(borders);
    const only = page.folders[0];
    if (only === undefined) return [];
    level = only;
  }
  return [];
}

function thinned(borders: readonly string[]): string[] {
  const step = Math.ceil(borders.length / MOST_BORDERS);
  return borders.filter((_, n) => n % step === 0);
}
