import type { Tries } from './s3-call.ts';
import type { S3 } from './s3-client.ts';
import { plainEtag, quotedEtag } from './s3-etag.ts';
import { BadReply, codeOf, statusOf } from './s3-failure.ts';
import { headObject } from './s3-head.ts';
import { readObjectStream } from './s3-read.ts';
import type { StoredObject, WriteCondition, WriteOutcome } from './storage.ts';
import type { UploadSource } from './upload-source.ts';

/** The headers that make a write depend on what lies there. */
export function conditionHeaders(condition: WriteCondition | undefined): {
  IfNoneMatch?: string;
  IfMatch?: string;
} {
  if (condition === undefined) return {};
  return condition.kind === 'absent' ? { IfNoneMatch: '*' } : { IfMatch: quotedEtag(condition.etag) };
}

/** The outcome of a write that answered with an ETag. */
export function written(header: string | undefined): WriteOutcome {
  if (header === undefined) throw new BadReply('the answer is not one of S3: it has no ETag');
  return { kind: 'written', etag: plainEtag(header) };
}

/** `doubtful`: the condition does not hold, but it may be this writer's own earlier try that took its place. */
export type Answer = WriteOutcome | { readonly kind: 'doubtful' };

/**
 * What an error of a write says when it is that its condition does not hold; any other is thrown again. AWS answers 404 to
 * If-Match where nothing lies, other servers 412.
 */
export function refusal(
  error: unknown,
  { mayBeDone }: Pick<Tries, 'mayBeDone'>,
  condition: WriteCondition | undefined,
): Answer {
  if (condition === undefined || !isRefusal(error, condition)) throw error;
  return { kind: mayBeDone ? 'doubtful' : 'refused' };
}

function isRefusal(error: unknown, condition: WriteCondition): boolean {
  const status = statusOf(error);
  return status === 412 || (status === 404 && condition.kind === 'match' && codeOf(error) === 'NoSuchKey');
}

/** Looks who wrote, where an answer leaves it open. */
export async function settle(
  answer: Answer,
  findOwn: () => Promise<StoredObject | undefined>,
): Promise<WriteOutcome> {
  if (answer.kind !== 'doubtful') return answer;
  const own = await findOwn();
  return own === undefined ? { kind: 'refused' } : { kind: 'written', etag: own.etag };
}

/** What lies at a url when its bytes are those of the source: a write of our own whose reply was lost. */
export async function ownWrite(s3: S3, url: string, source: UploadSource): Promise<StoredObject | undefined> {
  const found = await headObject(s3, url);
  if (found?.sizeBytes !== source.sizeBytes) return undefined;
  let position = 0;
  for await (const chunk of readObjectStream(s3, url, { version: found })) {
    const own = await source.read(position, position + chunk.length);
    if (Buffer.compare(chunk, own) !== 0) return undefined;
    position += chunk.length;
  }
  return found;
}
