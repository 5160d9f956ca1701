import { PitwallError } from '../error.ts';
import { mapConcurrent } from '../plan/map-concurrent.ts';
import type { RunFolder } from '../plan/run-folder.ts';
import { readIfThere } from '../storage/create-once.ts';
import { isOfVersion, parseJson } from '../storage/parse-json.ts';
import type { Storage } from '../storage/storage.ts';
import { type Failure, toError, toFailure } from './failure.ts';
import type { MachineLimits } from './machine-limits.ts';

const READS_AT_ONCE = 16;

/** What a task that ran far from its driver says of its failure. */
export interface FailureReport {
  readonly version: 1;
  readonly failure: Failure;
  /** What the attempt had. */
  readonly limits: MachineLimits;
}

/** Which attempt a report is of. */
export interface ReportPlace {
  readonly stepId: string;
  readonly index: number;
  /** What the engine had submitted the attempt with. */
  readonly submission: string;
}

/** A failure that was reported. */
export interface ReportedFailure {
  readonly index: number;
  readonly error: Error;
  readonly limits: MachineLimits;
}

/** Leaves a failure where the driver looks for it, over an earlier one of the same submission. */
export async function writeFailure(
  storage: Storage,
  folder: RunFolder,
  { stepId, index, submission }: ReportPlace,
  { error, limits, redact }: { error: unknown; limits: MachineLimits; redact: (text: string) => string },
): Promise<void> {
  const { errorKind, message, place } = toFailure(error);
  const failure: Failure = { errorKind, message: redact(message), place, stack: undefined };
  const report: FailureReport = { version: 1, failure, limits };
  await storage.writeAtomic(folder.failure(stepId, index, submission), Buffer.from(JSON.stringify(report)));
}

/**
 * The failures of a step that `isWanted` names, in no order. One that is taken away meanwhile is left out.
 *
 * @throws PitwallError when one cannot be read
 */
export async function readFailures(
  storage: Storage,
  folder: RunFolder,
  stepId: string,
  isWanted: (place: ReportPlace) => boolean,
): Promise<ReportedFailure[]> {
  const wanted: { url: string; index: number }[] = [];
  for await (const { url } of storage.listFolder(folder.failures(stepId))) {
    const [, index, submission] = /\/(\d+)\.([^/.]+)\.json$/.exec(url) ?? [];
    if (index === undefined || submission === undefined) continue;
    if (isWanted({ stepId, index: Number(index), submission })) wanted.push({ url, index: Number(index) });
  }
  const reports = await mapConcurrent(wanted, READS_AT_ONCE, async ({ url, index }) => {
    const bytes = await readIfThere(storage, url);
    return bytes === undefined ? [] : [{ index, ...parseReport(url, bytes) }];
  });
  return reports.flat();
}

function parseReport(url: string, bytes: Uint8Array): Omit<ReportedFailure, 'index'> {
  const report = parseJson(bytes);
  if (!isReport(report)) throw new PitwallError('data', `${url}: expected the report of a failed task`);
  return { error: toError(report.failure), limits: report.limits };
}

function isReport(value: unknown): value is FailureReport {
  return isOfVersion(value, 1);
}
