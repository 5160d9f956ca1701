export { openSession, type Session, type SessionOptions } from './duckdb/session.ts';
export { type EncodeJsonOptions, encodeJson } from './encode/encode-json.ts';
export { createRowEncoder, type RowEncoder, type RowEncoderOptions } from './encode/row-encoder.ts';
export { type ErrorKind, PitwallError, type Place } from './error.ts';
export { validateJob } from './job/check-job.ts';
export { type Diagnostic, formatDiagnostic } from './job/diagnostic.ts';
export type { Plan } from './plan/plan.ts';
export type { PublishedOutput, RunEvent, RunProgress, RunResult } from './report/event.ts';
export { type JobOptions, planJob, type RunOptions, runJob } from './run.ts';
