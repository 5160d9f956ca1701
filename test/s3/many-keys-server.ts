import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';

/** A server that lists more keys than could be put somewhere for a test; it knows nothing but how to list. */
export interface ManyKeys {
  readonly endpoint: string;
  readonly pages: () => number;
  close(): Promise<void>;
}

export interface KeyRange {
  readonly count: number;
  readonly perFolder: number;
}

const PAGE = 1000;
const DIGITS = 8;

/** Serves the keys `in/00/00000000.csv` … in folders of `perFolder`. Their order is that of their numbers. */
export async function serveManyKeys({ count, perFolder }: KeyRange): Promise<ManyKeys> {
  let pages = 0;
  const digits = String(Math.floor((count - 1) / perFolder)).length;
  const folderOf = (n: number) => `in/${String(Math.floor(n / perFolder)).padStart(digits, '0')}/`;
  const keyOf = (n: number) => `${folderOf(n)}${String(n).padStart(DIGITS, '0')}.csv`;

  /** The first number whose key is behind this one. */
  function firstBehind(key: string): number {
    let [low, high] = [0, count];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (keyOf(middle) > key) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  function answer(query: URLSearchParams, reply: ServerResponse): void {
    pages += 1;
    const prefix = query.get('prefix') ?? '';
    const after = query.get('continuation-token') ?? query.get('start-after') ?? '';
    const [entries, next] = query.get('delimiter') === '/' ? folders(prefix, after) : objects(prefix, after);
    reply.writeHead(200, { 'content-type': 'application/xml' });
    reply.end(
      `<ListBucketResult><Name>b</Name><KeyCount>${entries.length}</KeyCount><IsTruncated>${next !== undefined}</IsTruncated>${
        next === undefined ? '' : `<NextContinuationToken>${next}</NextContinuationToken>`
      }${entries.join('')}</ListBucketResult>`,
    );
  }

  function objects(prefix: string, after: string): [string[], string | undefined] {
    const entries: string[] = [];
    let n = firstBehind(after > prefix ? after : prefix);
    for (; n < count && entries.length < PAGE && keyOf(n).startsWith(prefix); n++)
      entries.push(`<Contents><Key>${keyOf(n)}</Key><Size>1</Size><ETag>"e"</ETag></Contents>`);
    return [entries, n < count && keyOf(n).startsWith(prefix) ? keyOf(n - 1) : undefined];
  }

  function folders(prefix: string, after: string): [string[], string | undefined] {
    if (prefix !== 'in/') return objects(prefix, after);
    const entries: string[] = [];
    let n = after.endsWith('/') ? firstBehind(`${after}~`) : firstBehind(after);
    let last = '';
    for (; n < count && entries.length < PAGE; n = (Math.floor(n / perFolder) + 1) * perFolder) {
      last = folderOf(n);
      entries.push(`<CommonPrefixes><Prefix>${last}</Prefix></CommonPrefixes>`);
    }
    return [entries, n < count ? last : undefined];
  }

  const server = createServer((incoming, reply) => {
    if (incoming.method === 'HEAD') reply.writeHead(404).end();
    else answer(new URLSearchParams((incoming.url ?? '').split('?')[1] ?? ''), reply);
  });
  return {
    endpoint: await listen(server),
    pages: () => pages,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return `http://127.0.0.1:${address.port}`;
}
