import { emptyFolder, writeFiles } from '../e2e/workspace.ts';

/** Makes as many rows of each part as its input says, in two steps with an output each. */
const JOB = `
params:
  out: { type: string, default: results }
  other: { type: string, default: results }
inputs:
  parts: { path: parts.csv, columns: { part: VARCHAR, rows: BIGINT } }
steps:
  texts:
    partition: { part: SELECT part FROM parts }
    sql: texts.sql
    partition_by: [part]
    order_by: [n]
    output: { path: "\${out}/texts_{part}.json" }
  sums:
    partition: { part: SELECT part FROM parts }
    sql: sums.sql
    partition_by: [part]
    order_by: [n]
    output: { path: "\${other}/sums_{part}.json" }
`;

const TEXTS = 'SELECT part, range AS n, md5(range::VARCHAR) AS text FROM parts, range(parts.rows)';
const SUMS = 'SELECT part, range AS n, (range * 7) % 101 AS rest FROM parts, range(parts.rows)';

/** Bytes of the two outputs of a part, for each of its rows. */
export const BYTES_PER_ROW = { texts: 55, sums: 24 };

/** A working directory with that job in `job/`, and what else is to lie there. */
export async function partsWorkspace(rows: Readonly<Record<string, number>>): Promise<string> {
  const cwd = await emptyFolder();
  await writeFiles(cwd, { 'job/job.yaml': JOB, 'job/texts.sql': TEXTS, 'job/sums.sql': SUMS });
  await setRows(cwd, rows);
  return cwd;
}

export async function setRows(cwd: string, rows: Readonly<Record<string, number>>): Promise<void> {
  const lines = Object.entries(rows).map(([part, count]) => `${part},${count}`);
  await writeFiles(cwd, { 'job/parts.csv': ['part,rows', ...lines, ''].join('\n') });
}
