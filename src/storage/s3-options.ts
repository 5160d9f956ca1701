/** How a job reaches S3, beside what the environment and the profiles of the AWS SDK say. */
export interface S3Options {
  /** Another server than AWS, as `https://host:port`. Else `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL` or the profile. */
  readonly endpoint?: string | undefined;
  /** Else `AWS_REGION`, `AWS_DEFAULT_REGION` or the profile; `us-east-1` where none says. */
  readonly region?: string | undefined;
  readonly profile?: string | undefined;
  /** `host/bucket/key` instead of `bucket.host/key`; by default wherever the endpoint is not that of AWS. */
  readonly forcePathStyle?: boolean | undefined;
  /** Whether this account pays for what is read from buckets of others that ask for it. */
  readonly requesterPays?: boolean | undefined;
  /** What is asked for each object that is written; else the bucket's own setting holds. */
  readonly encryption?: S3Encryption | undefined;
  /** Tags of every object that is written. */
  readonly tags?: Readonly<Record<string, string>> | undefined;
  /** Whether an ETag that looks like an MD5 is one; false for servers and buckets where it is not. */
  readonly verifyEtags?: boolean | undefined;
  /** Whether the server lists keys by their bytes, as AWS does; by default where buckets are names of hosts. */
  readonly ordersByBytes?: boolean | undefined;
  readonly limits?: Partial<S3Limits> | undefined;
}

export type S3Encryption =
  | { readonly kind: 'aes256' }
  | { readonly kind: 'kms'; readonly keyId?: string | undefined; readonly bucketKey?: boolean | undefined };

export interface S3Limits {
  /** How many requests one process has open together. */
  readonly requests: number;
  /** How many parts of one object are under way together. */
  readonly parts: number;
  /** Bytes of a ranged read, and of a part of a multipart upload where it is not less than S3 takes (5 MiB). */
  readonly partBytes: number;
  /** Up to this size an object is copied by one request; S3 allows 5 GiB. */
  readonly copyBytes: number;
  /** How long a request may make no progress. */
  readonly idleTimeoutMs: number;
  /** How long a request is tried again without any progress. */
  readonly retryBudgetMs: number;
  /**
   * The longest wait before the second try; it doubles up to `retryCapMs`. That is short, so that the budget is worth a
   * hundred tries and more: of a thousand requests of which three in four are refused, none is refused as often in a row.
   */
  readonly retryBaseMs: number;
  readonly retryCapMs: number;
}

const MIB = 1024 * 1024;

export const DEFAULT_LIMITS: S3Limits = {
  requests: 64,
  parts: 16,
  partBytes: 8 * MIB,
  copyBytes: 5 * 1024 * MIB,
  idleTimeoutMs: 20_000,
  retryBudgetMs: 150_000,
  retryBaseMs: 100,
  retryCapMs: 1_000,
};
