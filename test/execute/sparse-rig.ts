import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openSession, type Parameters, type Row } from '../../src/duckdb/session.ts';
import { quoteLiteral } from '../../src/duckdb/sql.ts';
import { WorkerSession, type WorkerSessionOptions } from '../../src/execute/worker-session.ts';
import type { PlannedInput } from '../../src/plan/plan.ts';
import { planInput } from '../../src/plan/plan-input.ts';
import { localStorage } from '../../src/storage/local.ts';
import { folderWith, type InputChanges, someInput } from '../plan/some-input.ts';
import { type FarStorage, farStorage, farUrl } from '../storage/far-storage.ts';

const LIMITS = { threads: 2, memoryBytes: 500e6 };

/** A Parquet file of what SQL gives. `options` are those of COPY. */
export async function writeParquet(
  path: string,
  sql: string,
  options = 'ROW_GROUP_SIZE 2048',
): Promise<void> {
  const session = await openSession({ settings: { threads: 1 } });
  try {
    await session.run(`COPY (${sql}) TO ${quoteLiteral(path)} (FORMAT parquet, ${options})`);
  } finally {
    await session.close();
  }
}

/** The plan of local files. Columns are those of the first file unless they are declared. */
export async function planFiles(
  name: string,
  paths: readonly string[],
  input: InputChanges = {},
): Promise<PlannedInput> {
  const session = await openSession();
  try {
    const { columns } = await session.describe(`FROM read_parquet(${quoteLiteral(paths[0] ?? '')})`);
    const declared = input.columns ?? Object.fromEntries(columns.map(({ name: own, type }) => [own, type]));
    const asked = someInput({ ...input, name, paths: [...paths], format: 'parquet', columns: declared });
    return await planInput(localStorage(), session, asked);
  } finally {
    await session.close();
  }
}

/** The same files as objects of a store. */
export function farAway(planned: PlannedInput): PlannedInput {
  const files = planned.files.map((file) => ({ ...file, url: farUrl(file.path), path: farUrl(file.path) }));
  return { ...planned, files };
}

export interface Opened {
  readonly worker: WorkerSession;
  readonly far: FarStorage;
  readonly scratch: string;
  /** The rows of a query over the inputs. */
  rows(sql: string, parameters?: Parameters): Promise<Row[]>;
}

const SIGNAL = new AbortController().signal;

/** A worker's session in which the inputs are views. */
export async function openInputs(
  inputs: readonly PlannedInput[],
  options: Partial<WorkerSessionOptions> & { far?: FarStorage; materialise?: boolean } = {},
): Promise<Opened> {
  const { far = farStorage(), materialise = false, ...rest } = options;
  const scratch = join(await folderWith(), 'scratch');
  await mkdir(scratch);
  const worker = await WorkerSession.open({ inputs, storage: far, limits: LIMITS, scratch, ...rest });
  for (const input of inputs) await worker.loadInput(input, materialise, SIGNAL);
  const names = inputs.map(({ name }) => name);
  const rows = (sql: string, parameters: Parameters = {}) =>
    worker.reading(names, () => worker.session.rows(sql, parameters));
  return { worker, far, scratch, rows };
}

export interface Answer {
  readonly rows: Row[];
  readonly fetched: number;
  readonly stored: number;
}

/** What a query gives over whole local files, and over the same in a store. */
export async function bothAnswers(
  inputs: readonly PlannedInput[],
  sql: string,
  parameters: Parameters = {},
): Promise<{ whole: Row[]; sparse: Answer }> {
  const near = await openInputs(inputs);
  const away = await openInputs(inputs.map(farAway));
  try {
    const rows = await away.rows(sql, parameters);
    return {
      whole: await near.rows(sql, parameters),
      sparse: { rows, ...(await away.worker.bytesOfInputs()) },
    };
  } finally {
    await near.worker.close();
    await away.worker.close();
  }
}
