import { PitwallError } from '../error.ts';
import { isObject, textAt } from './event-value.ts';
import { readRequest } from './read-request.ts';
import type { RunRequest } from './run-request.ts';

/**
 * What an event of Lambda asks for: a run, or whatever objects make one. Messages of a queue are answered one by one:
 * what one of them says that cannot be understood is its own failure.
 */
export type RunEventOfLambda =
  | { readonly kind: 'request'; readonly request: RunRequest }
  | { readonly kind: 'objects'; readonly urls: readonly string[] }
  | { readonly kind: 'messages'; readonly messages: readonly QueueMessage[] };

export interface QueueMessage {
  readonly id: string;
  readonly urls: readonly string[] | PitwallError;
}

/**
 * Reads an event: `{ job, params, only }`, an S3 notification, an event of EventBridge, or messages of SQS that hold one
 * of the latter two.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
 * @throws PitwallError (`usage`) for anything else
 */
export function readEvent(event: unknown): RunEventOfLambda {
  if (!isObject(event)) throw unknownEvent();
  if ('job' in event) return { kind: 'request', request: readRequest(event) };
  const { Records: records } = event;
  if (Array.isArray(records) && records.length > 0 && records.every(isMessage))
    return { kind: 'messages', messages: records.map(readMessage) };
  return { kind: 'objects', urls: readObjects(event) };
}

function isMessage(record: unknown): record is Record<string, unknown> {
  return isObject(record) && record.eventSource === 'aws:sqs';
}

function readMessage(record: Record<string, unknown>): QueueMessage {
  const id = textAt(record, 'messageId') ?? '';
  try {
    return { id, urls: readObjects(JSON.parse(textAt(record, 'body') ?? ''), unknownMessage) };
  } catch (error) {
    return { id, urls: error instanceof PitwallError ? error : unknownMessage() };
  }
}

/** The urls of the objects that an event of S3 is about. */
function readObjects(event: unknown, unknown = unknownEvent): string[] {
  if (!isObject(event)) throw unknown();
  if (event.Event === 's3:TestEvent') return [];
  if (event.source === 'aws.s3') return [objectUrl(event.detail, (key) => key, unknown)];
  if (!Array.isArray(event.Records)) throw unknown();
  return event.Records.map((record) => {
    if (!isObject(record) || record.eventSource !== 'aws:s3') throw unknown();
    return objectUrl(record.s3, decodeKey, unknown);
  });
}

/** EventBridge has keys as they are; notifications encode them as a form does. */
function objectUrl(value: unknown, decode: (key: string) => string, unknown: () => PitwallError): string {
  const bucket = isObject(value) ? textAt(value.bucket, 'name') : undefined;
  const key = isObject(value) ? textAt(value.object, 'key') : undefined;
  if (bucket === undefined || key === undefined) throw unknown();
  return `s3://${bucket}/${decode(key)}`;
}

function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch {
    throw new PitwallError('usage', `the event names an object whose key cannot be decoded: ${key}`);
  }
}

/** The message itself may be anything, and is not repeated. */
function unknownMessage(): PitwallError {
  return new PitwallError('usage', 'it has to hold an event of S3 or EventBridge about objects, as JSON');
}

function unknownEvent(): PitwallError {
  const message =
    'expected an event with a job, such as {"job": "race_stats", "params": {"out": "s3://…"}}, or an event of S3, EventBridge or SQS';
  return new PitwallError('usage', `${message}; got another`);
}
