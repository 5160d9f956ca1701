import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { errorXml } from './fault.ts';

/** A server of S3 that does what it is asked for whatever the conditions. Good for nothing but to be refused. */
export interface CarelessServer {
  readonly endpoint: string;
  /** What lies there, by `/bucket/key`. */
  readonly objects: ReadonlyMap<string, Buffer>;
  close(): Promise<void>;
}

/** Starts it on a free port of the loopback, with nothing in it. */
export async function startCarelessServer(): Promise<CarelessServer> {
  const objects = new Map<string, Buffer>();
  const server = createServer((request, reply) => void serve(objects, request, reply));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    objects,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

type Objects = Map<string, Buffer>;

async function serve(objects: Objects, request: IncomingMessage, reply: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
  const path = decodeURIComponent(pathname);
  const body = await buffer(request);
  if (searchParams.has('list-type')) return void reply.end(listing(objects, path, searchParams));
  if (request.method === 'PUT') return void put(objects, path, sourceOf(objects, request) ?? body, reply);
  if (request.method === 'DELETE') {
    objects.delete(path);
    return void reply.writeHead(204).end();
  }
  get(objects.get(path), request, reply);
}

function sourceOf(objects: Objects, { headers }: IncomingMessage): Buffer | undefined {
  const source = headers['x-amz-copy-source'];
  return source === undefined ? undefined : objects.get(`/${decodeURIComponent(String(source))}`);
}

function put(objects: Objects, path: string, bytes: Buffer, reply: ServerResponse): void {
  objects.set(path, bytes);
  reply.writeHead(200, { etag: etagOf(bytes), 'content-type': 'application/xml' });
  reply.end(`<CopyObjectResult><ETag>${etagOf(bytes)}</ETag></CopyObjectResult>`);
}

function get(bytes: Buffer | undefined, { method }: IncomingMessage, reply: ServerResponse): void {
  if (bytes === undefined) {
    reply.writeHead(404, { 'content-type': 'application/xml' });
    return void reply.end(method === 'HEAD' ? '' : errorXml('NoSuchKey'));
  }
  reply.writeHead(200, { etag: etagOf(bytes), 'content-length': bytes.length });
  reply.end(method === 'HEAD' ? '' : bytes);
}

/** Without folders: nobody that is refused comes to see them. */
function listing(objects: Objects, bucket: string, query: URLSearchParams): string {
  const root = `${bucket.replace(/\/$/, '')}/`;
  const start = `${root}${query.get('prefix') ?? ''}`;
  const entries = [...objects.entries()]
    .filter(([path]) => path.startsWith(start))
    .map(
      ([path, bytes]) =>
        `<Contents><Key>${encodeURIComponent(path.slice(root.length))}</Key><Size>${bytes.length}</Size><ETag>${etagOf(bytes)}</ETag></Contents>`,
    );
  return `<ListBucketResult><KeyCount>${entries.length}</KeyCount><IsTruncated>false</IsTruncated>${entries.join('')}</ListBucketResult>`;
}

function etagOf(bytes: Buffer): string {
  return `"${createHash('md5').update(bytes).digest('hex')}"`;
}
