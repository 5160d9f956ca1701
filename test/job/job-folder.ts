import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { checkJob } from '../../src/job/check-job.ts';
import { formatDiagnostic } from '../../src/job/diagnostic.ts';
import type { Job } from '../../src/job/job.ts';

/** Writes a working directory (paths → texts) that goes when the test ends, and gives its path. */
export function writeFolder(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'pitwall-job-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

/** Checks the job whose folder is the working directory; gives its diagnostics as they are printed. */
export async function diagnose(
  files: Readonly<Record<string, string>>,
  set: Record<string, string> = {},
): Promise<string[]> {
  const { diagnostics } = await checkJob('.', { cwd: writeFolder(files), set });
  return diagnostics.map(formatDiagnostic);
}

/** The job whose folder is the working directory, which has to be without errors. */
export async function readGoodJob(
  files: Readonly<Record<string, string>>,
  set: Record<string, string> = {},
): Promise<{ job: Job; cwd: string }> {
  const cwd = writeFolder(files);
  const { job, diagnostics } = await checkJob('.', { cwd, set });
  if (job === undefined) throw new Error(diagnostics.map(formatDiagnostic).join('\n'));
  return { job, cwd };
}

/** A job without mistakes: lines of job.yaml that tests add to or replace. */
export const GOOD_YAML = `name: sales
params:
  out: { type: string, default: results }
  from: { type: date, default: 2024-01-01 }
inputs:
  orders:
    path: data/orders*.csv
    columns: { id: BIGINT, shop: VARCHAR, day: DATE, amount: "DECIMAL(18,2)" }
sql: sales.sql
partition_by: [shop]
order_by: [day]
output: { path: "\${out}/{shop}.json" }
`;
export const GOOD_SQL =
  'SELECT shop, day, sum(amount) AS amount FROM orders WHERE day >= $from GROUP BY shop, day\n';
