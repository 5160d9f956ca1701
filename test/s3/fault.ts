/** A request as it came to the proxy. */
export interface SeenRequest {
  readonly method: string;
  /** Decoded: `/bucket/key`. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** What goes wrong with a request. Byte counts are of the reply's body. */
export type Fault =
  /** The proxy answers itself, as S3 would; the server hears nothing. */
  | { readonly kind: 'answer'; readonly status: number; readonly code: string; readonly headers?: Headers }
  /** The server does what it was asked for, and the proxy answers with an error all the same. */
  | { readonly kind: 'answer after'; readonly status: number; readonly code: string }
  /** The connection is reset before the server hears of it. */
  | { readonly kind: 'reset before' }
  /** The server has done what it was asked for, and the reply is lost. */
  | { readonly kind: 'reset after' }
  /** No reply comes. */
  | { readonly kind: 'silence' }
  | { readonly kind: 'stall'; readonly afterBytes: number }
  /** The connection is reset in the midst of the body. */
  | { readonly kind: 'break'; readonly afterBytes: number }
  /** The body ends early as if it were whole; there is no Content-Length to tell. */
  | { readonly kind: 'cut'; readonly afterBytes: number }
  | { readonly kind: 'flip'; readonly atByte: number }
  /** A reply that says 200 and is something else. */
  | { readonly kind: 'body'; readonly text: string; readonly type?: string }
  /** The text of the reply, changed. */
  | { readonly kind: 'rewrite'; readonly rewrite: (text: string) => string }
  /** The server is asked for something else. */
  | { readonly kind: 'strip'; readonly header: string };

type Headers = Readonly<Record<string, string>>;

/** When a fault strikes. */
export interface FaultRule {
  readonly when?: ((request: SeenRequest) => boolean) | undefined;
  /** The share of those requests, drawn by the proxy's seed; all by default. */
  readonly rate?: number | undefined;
  /** How often at most. */
  readonly times?: number | undefined;
  readonly fault: Fault;
}

/** A fault that strikes requests of this method, whose path and query match. */
export function on(
  method: string,
  pattern: RegExp,
  fault: Fault,
  often: Pick<FaultRule, 'rate' | 'times'> = {},
): FaultRule {
  const when = (request: SeenRequest) =>
    request.method === method && pattern.test(`${request.path}?${request.query.toString()}`);
  return { when, fault, ...often };
}

/** An error as S3 says it. */
export function errorXml(code: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>of the fault proxy</Message></Error>`;
}
