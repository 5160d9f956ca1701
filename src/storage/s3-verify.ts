import { createHash, type Hash } from 'node:crypto';
import { PitwallError } from '../error.ts';
import type { S3 } from './s3-client.ts';
import { isMd5Etag, plainEtag } from './s3-etag.ts';
import { DAMAGED_ADVICE } from './s3-failure.ts';
import { headReply } from './s3-head.ts';
import type { ObjectVersion } from './storage.ts';

/** Compares the bytes of a whole object, given in order, with its ETag. */
export interface Verifier {
  update(bytes: Uint8Array): void;
  /** Whether they are what was stored; true also where the ETag turns out not to be made from the bytes. */
  matches(): Promise<boolean>;
}

/**
 * A verifier of an object that is read by parts, for which S3 gives no checksum; `undefined` where its ETag says nothing of
 * its bytes. The ETag of a multipart upload is the MD5 of the MD5s of its parts, whose size the first part tells.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
 */
export async function verifierOf(s3: S3, url: string, version: ObjectVersion): Promise<Verifier | undefined> {
  if (s3.options.verifyEtags === false) return undefined;
  const isEncrypted = async () => (await lookAt(s3, url))?.isEncrypted ?? true;
  if (isMd5Etag(version.etag)) return verifier(partDigest(), version.etag, isEncrypted);
  const parts = Number(/^[0-9a-f]{32}-(\d+)$/.exec(version.etag)?.[1] ?? 0);
  if (parts === 0) return undefined;
  const first = await lookAt(s3, url, 1);
  if (first?.etag !== version.etag || first.isEncrypted || first.parts !== parts) return undefined;
  const isEven = Math.ceil(version.sizeBytes / first.bytes) === parts;
  return isEven ? verifier(multipartDigest(first.bytes), version.etag, isEncrypted) : undefined;
}

interface Digest {
  update(bytes: Uint8Array): void;
  end(): string;
}

function verifier(digest: Digest, etag: string, isEncrypted: () => Promise<boolean>): Verifier {
  return {
    update: digest.update,
    matches: async () => digest.end() === etag || (await isEncrypted()),
  };
}

function partDigest(): Digest {
  const hash = createHash('md5');
  return { update: (bytes) => void hash.update(bytes), end: () => hash.digest('hex') };
}

function multipartDigest(partBytes: number): Digest {
  const whole = createHash('md5');
  let [part, room, parts]: [Hash, number, number] = [createHash('md5'), partBytes, 0];
  const endPart = () => {
    whole.update(part.digest());
    parts += 1;
    [part, room] = [createHash('md5'), partBytes];
  };
  return {
    update(bytes) {
      for (let start = 0; start < bytes.length; ) {
        const piece = bytes.subarray(start, start + room);
        part.update(piece);
        start += piece.length;
        room -= piece.length;
        if (room === 0) endPart();
      }
    },
    end() {
      if (room < partBytes) endPart();
      return `${whole.digest('hex')}-${parts}`;
    },
  };
}

interface Look {
  readonly etag: string;
  /** Of the part that was asked for. */
  readonly bytes: number;
  readonly parts: number;
  /** With a key of KMS or of the customer: then the ETag is no MD5. */
  readonly isEncrypted: boolean;
}

/** `undefined` where the server does not tell of parts, or nothing lies there any more. */
async function lookAt(s3: S3, url: string, part?: number): Promise<Look | undefined> {
  const reply = await headReply(s3, url, part).catch(undefinedIfRefused);
  if (reply === undefined) return undefined;
  const { ETag = '', ContentLength: bytes = 0, PartsCount: parts = 1 } = reply;
  const isEncrypted =
    reply.SSECustomerAlgorithm !== undefined || /kms/.test(reply.ServerSideEncryption ?? '');
  return { etag: plainEtag(ETag), bytes, parts, isEncrypted };
}

function undefinedIfRefused(error: unknown): undefined {
  if (error instanceof PitwallError && error.kind !== 'temporary') return undefined;
  throw error;
}

/** The error for bytes that are not those that were stored. */
export function damaged(url: string): PitwallError {
  const message = `cannot read ${url}: the bytes do not match the MD5 in its ETag; ${DAMAGED_ADVICE}`;
  return new PitwallError('temporary', message);
}
