/**
 * What a failed request to S3 says. `again`: it may pass when it is repeated; `few`: the same, but soon or not at all;
 * `renew`: with new credentials; `final`: it will not pass.
 */
export interface S3Failure {
  readonly retry: 'again' | 'renew' | 'few' | 'final';
  /** What happened, as `the server answered 503 SlowDown`. */
  readonly cause: string;
  /** What a person can do about it. */
  readonly advice: string;
  /** Whose fault a final failure is, where it is not that of the data or the outputs. */
  readonly kind?: 'usage' | undefined;
}

/** A reply that cannot be what was asked for: short, broken off, or no reply of S3 at all. */
export class BadReply extends Error {
  override readonly name: string = 'BadReply';
}

/** Bytes that are not those that were stored. */
export class DamagedReply extends BadReply {
  override readonly name = 'DamagedReply';
  readonly advice: string;

  constructor(message: string, advice: string) {
    super(message);
    this.advice = advice;
  }
}

export const DAMAGED_ADVICE =
  'run it again later; where the server gives ETags that are no MD5, set verify_etags: false for the storage';
/** What a person can do about what passes. */
export const LATER = 'run it again later';

const BUSY = new Set([
  'SlowDown',
  'ServiceUnavailable',
  'InternalError',
  'RequestTimeout',
  'RequestTimeoutException',
  'TooManyRequests',
  'TooManyRequestsException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'RequestThrottledException',
  'BandwidthLimitExceeded',
  'Throttling',
  'ThrottlingException',
  'ThrottledException',
  'OperationAborted',
  'ConditionalRequestConflict',
  'PriorRequestNotComplete',
  // The body was damaged on its way to the server.
  'BadDigest',
  'IncompleteBody',
  'XAmzContentSHA256Mismatch',
  'XAmzContentChecksumMismatch',
]);

const EXPIRED = new Set([
  'ExpiredToken',
  'ExpiredTokenException',
  'TokenRefreshRequired',
  'RequestExpired',
  'TokenProviderError',
]);

const ADVICE: Readonly<Record<string, string>> = {
  AccessDenied: 'the credentials lack a right; see the permissions listed in docs/s3.md',
  AllAccessDisabled: 'the bucket is closed; ask its owner',
  InvalidAccessKeyId: 'the access key is not known there; check AWS_ACCESS_KEY_ID and the endpoint',
  SignatureDoesNotMatch: 'the secret key does not belong to the access key; check AWS_SECRET_ACCESS_KEY',
  InvalidToken: 'the session token is not valid; check AWS_SESSION_TOKEN',
  NoSuchBucket: 'there is no such bucket; check its name and the endpoint',
  NoSuchKey: 'there is no such object; check the url',
  NotFound: 'there is no such object; check the url',
  PermanentRedirect: 'the bucket lies in another region; set AWS_REGION to it',
  AuthorizationHeaderMalformed: 'the bucket lies in another region; set AWS_REGION to it',
  IllegalLocationConstraintException: 'the bucket lies in another region; set AWS_REGION to it',
  KeyTooLongError: 'the key is too long; shorten it',
  EntityTooLarge: 'the object is larger than the server takes; divide the output into more partitions',
  InvalidObjectState: 'the object is archived; restore it first',
  MethodNotAllowed: 'the server does not allow it; check the bucket',
  NotImplemented: 'the server does not know this request; see what Pitwall needs of a server in docs/s3.md',
  KMSDisabledException: 'the KMS key is disabled; enable it, or write with another',
};

/** Says what a failed request means. `undefined` for what is no failure of a request, but a mistake in the code. */
export function describeFailure(error: unknown): S3Failure | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error instanceof DamagedReply) return { retry: 'few', cause: error.message, advice: error.advice };
  if (error instanceof BadReply) return again(error.message, `${LATER}, or check the network and the server`);
  return describeAnswer(error) ?? describeCredentials(error) ?? describeNetwork(error);
}

function again(cause: string, advice = LATER): S3Failure {
  return { retry: 'again', cause, advice };
}

function describeAnswer(error: Error): S3Failure | undefined {
  const status = statusOf(error);
  if (status === undefined) return undefined;
  const code = codeOf(error);
  const cause = `the server answered ${[status, code].filter(Boolean).join(' ')}`;
  if (code === 'RequestTimeTooSkewed' || code === 'RequestInTheFuture') return skewed(cause);
  if (EXPIRED.has(code)) return expired(cause);
  if (BUSY.has(code) || status >= 500 || status === 429 || status === 409 || status === 408)
    return status === 501 ? final(cause, code, status) : again(cause, `${LATER}, or with fewer workers`);
  if (status < 300) return again(`the answer (${status}) is not one of S3: ${code}`, 'check the endpoint');
  return final(cause, code, status);
}

function final(cause: string, code: string, status: number): S3Failure {
  const advice = ADVICE[code] ?? adviceOnStatus(status);
  return { retry: 'final', cause, advice };
}

function adviceOnStatus(status: number): string {
  if (status === 403) return 'the credentials are not accepted or lack a right; see docs/s3.md';
  if (status === 404) return 'there is no such object or bucket; check the url';
  if (status >= 300 && status < 400) return 'the bucket lies in another region; set AWS_REGION to it';
  return 'check the url, the endpoint and the options of S3';
}

function skewed(cause: string): S3Failure {
  return { retry: 'few', cause, advice: "this machine's clock is wrong; set it, then run it again" };
}

function expired(cause: string): S3Failure {
  return { retry: 'renew', cause, advice: 'the credentials have expired; renew them, then run it again' };
}

function describeCredentials(error: Error): S3Failure | undefined {
  if (error.name !== 'CredentialsProviderError') return undefined;
  const advice = 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or run under a role';
  return { retry: 'renew', cause: 'no credentials were found', advice, kind: 'usage' };
}

const TLS = /^(CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO_SELF|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH|EPROTO)/;

const NETWORK: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the server refuses connections',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed',
  ETIMEDOUT: 'the server did not answer in time',
  ENOTFOUND: 'the name of the server is not known',
  EAI_AGAIN: 'the name of the server cannot be looked up',
  EHOSTUNREACH: 'the server cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ERR_STREAM_PREMATURE_CLOSE: 'the connection was closed in the midst of the answer',
};

function describeNetwork(error: Error): S3Failure | undefined {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  // The SDK calls a reset a TimeoutError, too.
  if (error.name === 'TimeoutError' && (code === undefined || code === 'ETIMEDOUT'))
    return again('the server made no progress in time', `${LATER}, or check the network`);
  if (code === undefined)
    return isSdkNoise(error) ? again(`the answer cannot be read: ${error.name}`) : undefined;
  if (TLS.test(code))
    return { retry: 'final', cause: `the connection is not secure: ${code}`, advice: TLS_ADVICE };
  const known = NETWORK[code];
  if (known === undefined && !/^(E[A-Z_]+|HPE_.*|ERR_HTTP.*)$/.test(code)) return undefined;
  return again(
    known ?? `the connection failed: ${code}`,
    'check the endpoint and the network, then run it again',
  );
}

const TLS_ADVICE = 'check the endpoint and its certificate (NODE_EXTRA_CA_CERTS names one of your own)';

/** `aborted` of a cut body, and what the SDK throws of its parsers and its checksums. */
function isSdkNoise(error: Error): boolean {
  return '$response' in error || /^(aborted|socket hang up|Checksum mismatch)/.test(error.message);
}

/** The status of an answer of the server, where there was one. */
export function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('$metadata' in error)) return undefined;
  const { $metadata: metadata } = error;
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return undefined;
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : undefined;
}

/** S3's own name of a failure; `''` where the answer gives none, as to HEAD. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  return /^[A-Za-z0-9.]{1,64}$/.test(error.name) &&
    !/^(Error|Unknown|UnknownError|S3ServiceException)$/.test(error.name)
    ? error.name
    : '';
}
