import { PitwallError } from './error.ts';
import type { FunctionContext } from './lambda/function-room.ts';
import { type EventAnswer, handleEvent } from './lambda/handle-event.ts';
import { createRedactor, redactedJson } from './report/redact.ts';
import { openRunLog } from './report/run-log.ts';

/**
 * The handler of AWS Lambda: `{ "job": "race_stats", "params": { "out": "s3://…" }, "only": { "year": ["2024"] } }`, or an
 * event of S3, EventBridge or SQS that `PITWALL_TRIGGERS` has a job for. Gives the document that `pitwall run --json`
 * prints, or says which job of Batch does the run. What happens is a line of JSON each on stdout, which Lambda takes to
 * CloudWatch, metrics included.
 *
 * @throws Error of one line, without secrets, named for its kind: `Pitwall.temporary` may pass when it is invoked again
 */
export async function handler(event: unknown, context: FunctionContext): Promise<EventAnswer> {
  const redact = createRedactor();
  const { awsRequestId: request = '' } = context;
  const stderr = (line: string) => void process.stdout.write(line);
  const log = await openRunLog({ kind: 'stderr' }, { fields: { request }, stderr, redact });
  try {
    const answer = await handleEvent(event, { context, onEvent: log.event, env: process.env });
    return JSON.parse(redactedJson(answer, redact));
  } catch (error) {
    log.say('error', String(error), { kind: 'failed' });
    throw forCaller(error, redact);
  } finally {
    await log.close();
  }
}

/** Lambda logs an error whole, its causes and stack included. */
function forCaller(error: unknown, redact: (text: string) => string): Error {
  const shown = new Error(redact(String(error)));
  shown.name = error instanceof PitwallError ? `Pitwall.${error.kind}` : 'Pitwall.internal';
  return shown;
}
