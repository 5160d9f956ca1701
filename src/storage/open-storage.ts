import { localStorage } from './local.ts';
import type { Storage } from './storage.ts';

/** How object stores are spoken to; what is left out is told by the environment, as the AWS tools read it. */
export interface StorageOptions {
  /** The store's address, for stores other than AWS. */
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  readonly profile?: string | undefined;
  readonly forcePathStyle?: boolean | undefined;
  readonly requesterPays?: boolean | undefined;
  readonly encryption?: S3Encryption | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
}

export type S3Encryption =
  | { readonly kind: 'aes256' }
  | { readonly kind: 'kms'; readonly keyId?: string | undefined; readonly bucketKey?: boolean | undefined };

/** The storage of a url, by its scheme. */
export function openStorage(_options: StorageOptions = {}): Storage {
  return localStorage();
}
