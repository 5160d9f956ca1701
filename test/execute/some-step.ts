import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { OutputStep } from '../../src/execute/output-context.ts';
import type { Job, OrderKey, Output, PathPart } from '../../src/job/job.ts';
import type { Plan } from '../../src/plan/plan.ts';
import type { TaskUnit } from '../../src/plan/step-plan.ts';

/** The one unit of a task that does not go by partitions. */
export const ONE_UNIT: readonly TaskUnit[] = [{ partition: {}, fingerprint: 'one' }];

export const RUN_ID = '01890000-0000-7000-8000-000000000000';

/** An output with the job file's defaults; `{name}` in the path is a column, `{run}` the run. */
export function someOutput(path = '{k}.json', changes: Partial<Output> = {}): Output {
  return {
    template: `out/${path}`,
    root: '/out',
    path: pathParts(path),
    format: 'json',
    indent: 0,
    omit: [],
    keepPartitionColumns: false,
    empty: 'write',
    bigint: 'number',
    nonfinite: 'null',
    nullAs: undefined,
    emptyAs: undefined,
    unsafeValues: 'fail',
    delimiter: ',',
    header: true,
    compression: 'zstd',
    ...changes,
  };
}

function pathParts(path: string): PathPart[] {
  return path
    .split(/(\{\w+\})/)
    .filter((text) => text !== '')
    .map((text) => {
      if (!text.startsWith('{')) return { kind: 'text', text };
      return text === '{run}' ? { kind: 'run' } : { kind: 'column', column: text.slice(1, -1) };
    });
}

export interface StepChanges extends Partial<Omit<OutputStep, 'orderBy'>> {
  /** `['a', 'b desc']` */
  readonly orderBy?: readonly string[];
}

export function someStep(sql: string, { orderBy = [], ...changes }: StepChanges = {}): OutputStep {
  return {
    name: 'things',
    file: '/job/things.sql',
    sql,
    parameters: [],
    slice: undefined,
    partition: [],
    partitionBy: [],
    orderBy: orderKeys(orderBy),
    output: someOutput('all.json'),
    ...changes,
  };
}

export function orderKeys(texts: readonly string[]): OrderKey[] {
  return texts.map((text) => ({ column: text.replace(/ desc$/, ''), descending: text.endsWith(' desc') }));
}

export function someJob(changes: Partial<Job> = {}): Job {
  return {
    name: 'job',
    description: undefined,
    folder: '/job',
    file: '/job/job.yaml',
    params: [],
    inputs: [],
    steps: [],
    checks: [],
    fuseBelowBytes: 256e6,
    notify: [],
    prices: {},
    ...changes,
  };
}

/** A plan of no inputs. */
export function somePlan(changes: Partial<Plan> = {}): Plan {
  return {
    version: 2,
    job: someJob(),
    jobHash: '',
    engine: 'duckdb',
    only: {},
    columns: {},
    inputs: [],
    shape: 'fused',
    targetBytes: 32e6,
    sha256: '',
    asked: { set: {}, cwd: '.' },
    ...changes,
  };
}

/** A folder that goes when the test is done. */
export async function someFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'pitwall-execute-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
