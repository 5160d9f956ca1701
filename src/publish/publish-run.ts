import { join } from 'node:path';
import { PitwallError } from '../error.ts';
import { findCollision } from '../execute/partition-path.ts';
import type { CheckResult, StagedOutput, TaskRecord } from '../execute/record.ts';
import { count } from '../plan/text-amounts.ts';
import { publishFiles } from './publish-files.ts';
import type { RunFolders } from './run-folders.ts';

/** Publishes a record's outputs, whole or not at all, once its checks hold. @throws PitwallError */
export async function publishRun(record: TaskRecord, folders: RunFolders): Promise<void> {
  throwFailedChecks(record.checks);
  const files = record.outputs.map((output) => ({
    stagedPath: output.stagedPath,
    path: publishedPath(output),
    backupFolder: folders.backupFolder(output.root),
  }));
  throwSamePath(files.map(({ path }) => path));
  await publishFiles(files);
}

function throwFailedChecks(checks: readonly CheckResult[]): void {
  const failed = checks.filter(({ severity, violations }) => severity === 'error' && violations > 0);
  const [first] = failed;
  if (first === undefined) return;
  const others = failed.length === 1 ? '' : ` (and ${count(failed.length - 1, 'more check')} failed)`;
  const message = `check failed: ${describeViolations(first)}${others}; nothing was published`;
  throw new PitwallError('data', message);
}

/** `name: 2 rows break it, such as {"raceId":1}`. */
export function describeViolations({ name, violations, examples }: CheckResult): string {
  const rows = violations === 1 ? '1 row breaks it' : `${violations} rows break it`;
  return `${name}: ${rows}, such as ${examples.slice(0, 3).join(' ')}`;
}

/** Two steps may have templates that differ and still meet in one path, or in paths that differ only in case. */
function throwSamePath(paths: readonly string[]): void {
  const collision = findCollision(paths);
  if (collision === undefined) return;
  const [one, another] = collision;
  const how =
    one === another ? `the same path: ${one}` : `paths that differ only in case: ${one} and ${another}`;
  throw new PitwallError('data', `two outputs of the job have ${how}; give them different templates`);
}

/** Where an output lies once it is published. */
export function publishedPath({ root, path }: StagedOutput): string {
  return join(root, path);
}
