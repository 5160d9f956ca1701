import { compareUrls } from './glob.ts';
import type { S3 } from './s3-client.ts';
import { type ListRequest, listPages, type Page } from './s3-list.ts';
import { s3Url } from './s3-url.ts';
import type { StoredObject } from './storage.ts';

/** What lies directly below a prefix: objects that follow one another, or a folder by its key prefix. */
export type LevelEntry =
  | { readonly kind: 'objects'; readonly objects: readonly StoredObject[] }
  | { readonly kind: 'folder'; readonly prefix: string };

interface Named {
  /** Without the slash of a folder. */
  readonly name: string;
  /** The key that it stands for in the order of bytes: that of a folder is before all that lies in it. */
  readonly key: string;
  readonly object: StoredObject | undefined;
}

/**
 * One level of keys in the order of their bytes. Servers that keep folders give `a/` before `a-1` and `a.csv`, behind
 * which its slash has it; so a folder is held back until something comes that is behind it.
 */
export async function* listLevel(s3: S3, request: ListRequest): AsyncGenerator<LevelEntry> {
  let held: string[] = [];
  for await (const page of listPages(s3, { ...request, isFlat: true })) {
    let run: StoredObject[] = [];
    for (const { key, object } of namedEntries(page, request.bucket)) {
      const ready = held.filter((folder) => compareUrls(folder, key) < 0).sort(compareUrls);
      if (ready.length > 0) {
        yield { kind: 'objects', objects: run };
        run = [];
        for (const prefix of ready) yield { kind: 'folder', prefix };
        held = held.filter((folder) => !ready.includes(folder));
      }
      if (object === undefined) held.push(key);
      else run.push(object);
    }
    yield { kind: 'objects', objects: run };
  }
  for (const prefix of held.sort(compareUrls)) yield { kind: 'folder', prefix };
}

function namedEntries({ objects, folders }: Page, bucket: string): Named[] {
  const start = s3Url(bucket, '').length;
  const names = [
    ...objects.map((object) => ({ name: object.url.slice(start), key: object.url.slice(start), object })),
    ...folders.map((key) => ({ name: key.slice(0, -1), key, object: undefined })),
  ];
  return names.sort((a, b) => compareUrls(a.name, b.name));
}
