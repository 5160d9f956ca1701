import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Trigger } from './settings.ts';

/** A trigger as the function reads it from its environment. */
export interface FunctionTrigger {
  /** An s3:// URL that may hold `{column}`. */
  readonly prefix: string;
  readonly job: string;
  readonly params: Readonly<Record<string, string>>;
}

/** The triggers as the function's `PITWALL_TRIGGERS` takes them: with whole urls, and the bucket's name in parameters. */
export function triggersFor(bucket: IBucket, triggers: readonly Trigger[]): FunctionTrigger[] {
  return triggers.map(({ prefix, job, params }) => ({
    prefix: `s3://${bucket.bucketName}/${prefix}`,
    job,
    params: paramsFor(bucket, params),
  }));
}

/** `{bucket}` in a parameter becomes the name of the stack's bucket, which is only known when it is there. */
export function paramsFor(bucket: IBucket, params: Trigger['params']): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => [name, value.replaceAll('{bucket}', bucket.bucketName)]),
  );
}

/** The part of a prefix before its first placeholder: what EventBridge can match. */
export function fixedPrefix({ prefix }: Trigger): string {
  return prefix.replace(/\{.*$/, '');
}
