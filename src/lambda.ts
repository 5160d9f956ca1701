import { PitwallError } from './error.ts';
import type { FunctionContext } from './lambda/function-room.ts';
import { type EventAnswer, handleEvent } from './lambda/handle-event.ts';
import { VOID_SINK } from './report/event.ts';
import { createRedactor, redactedJson } from './report/redact.ts';

/**
 * The handler of AWS Lambda: `{ "job": "race_stats", "params": { "out": "s3://…" }, "only": { "year": ["2024"] } }`, or an
 * event of S3, EventBridge or SQS that `PITWALL_TRIGGERS` has a job for. Gives the document that `pitwall run --json`
 * prints, or says which job of Batch does the run.
 *
 * @throws Error of one line, without secrets, named for its kind: `Pitwall.temporary` may pass when it is invoked again
 */
export async function handler(event: unknown, context: FunctionContext): Promise<EventAnswer> {
  const redact = createRedactor();
  try {
    const answer = await handleEvent(event, { context, onEvent: VOID_SINK, env: process.env });
    return JSON.parse(redactedJson(answer, redact));
  } catch (error) {
    throw forCaller(error, redact);
  }
}

/** Lambda logs an error whole, its causes and stack included. */
function forCaller(error: unknown, redact: (text: string) => string): Error {
  const shown = new Error(redact(String(error)));
  shown.name = error instanceof PitwallError ? `Pitwall.${error.kind}` : 'Pitwall.internal';
  return shown;
}
