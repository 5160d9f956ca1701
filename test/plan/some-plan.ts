import type { Job, Output, PathPart, RelationCheck, SqlCheck, Step } from '../../src/job/job.ts';
import type { Plan, PlannedFile, PlannedInput } from '../../src/plan/plan.ts';
import { planStep, type StepContext } from '../../src/plan/plan-step.ts';
import { stepOutlines } from '../../src/plan/step-outlines.ts';
import type { StepFile, StepPlan } from '../../src/plan/step-plan.ts';
import { type InputChanges, someInput } from './some-input.ts';

/** A step of `SELECT * FROM <reads>, …`. `partition` and `partitionBy` are column names. */
export interface StepChanges extends Partial<Omit<Step, 'partition'>> {
  readonly reads?: readonly string[];
  readonly partition?: readonly string[];
}

export function someStep(name: string, { reads = [], partition = [], ...changes }: StepChanges = {}): Step {
  return {
    name,
    file: `/job/${name}.sql`,
    sql: `SELECT * FROM ${reads.join(', ')}`,
    parameters: [],
    slice: undefined,
    partition: partition.map((column) => ({ column, sql: undefined, parameters: [] })),
    partitionBy: [],
    orderBy: [],
    output: undefined,
    ...changes,
  };
}

/** A JSON output into `/out`; `{name}` is a column, `{run}` the run. */
export function someOutput(path = 'all.json'): Output {
  return {
    template: `out/${path}`,
    root: '/out',
    path: path.split(/(\{\w+\})/).map(toPart),
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
  };
}

function toPart(text: string): PathPart {
  if (text === '{run}') return { kind: 'run' };
  return text.startsWith('{') ? { kind: 'column', column: text.slice(1, -1) } : { kind: 'text', text };
}

export function sqlCheck(name: string, sql: string): SqlCheck {
  return { kind: 'sql', name, severity: 'error', file: `/job/${name}.sql`, sql, parameters: [] };
}

export function relationCheck(relation: string, rules: RelationCheck['rules']): RelationCheck {
  return { kind: 'relation', name: relation, severity: 'error', relation, rules };
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
    fuseBelowBytes: undefined,
    notify: [],
    prices: {},
    ...changes,
  };
}

export function someFile(url: string, changes: Partial<PlannedFile> = {}): PlannedFile {
  return {
    url,
    path: url,
    sizeBytes: 1000,
    etag: `etag of ${url}`,
    compression: 'none',
    layout: 0,
    pathValues: [],
    rows: undefined,
    ...changes,
  };
}

/** An input of these files. */
export function plannedInput(
  name: string,
  files: readonly PlannedFile[],
  changes: InputChanges = {},
): PlannedInput {
  const input = someInput({ ...changes, name });
  return { name, input, columns: input.columns, layouts: [], files, pruned: { files: 0, bytes: 0 } };
}

/** A file for each year, in hive folders, of 1000 bytes or as many as are given. */
export function yearFiles(years: readonly string[], sizeBytes = 1000): PlannedFile[] {
  return years.map((year) => someFile(`/in/year=${year}/results.csv`, { pathValues: [year], sizeBytes }));
}

/** A divided plan of these inputs; `targetBytes` is 10,000. */
export function somePlan(
  inputs: readonly PlannedInput[],
  job: Partial<Job>,
  changes: Partial<Plan> = {},
): Plan {
  return {
    version: 2,
    job: someJob({ ...job, inputs: inputs.map(({ input }) => input) }),
    jobHash: '',
    engine: 'pitwall 1, duckdb 1',
    only: {},
    columns: {},
    inputs,
    shape: 'divided',
    targetBytes: 10_000 + 16 * 1024,
    sha256: '',
    asked: { set: {}, cwd: '/' },
    ...changes,
  };
}

export const NOTHING_KNOWN: StepContext = {
  stepFiles: new Map(),
  published: new Set(),
  kept: new Map(),
  force: false,
};

/** The step of this id, planned. */
export function planned(plan: Plan, id: string, context: Partial<StepContext> = {}): StepPlan {
  const outline = stepOutlines(plan).find((step) => step.id === id);
  if (outline === undefined) throw new Error(`the plan has no step ${id}`);
  return planStep(plan, outline, { ...NOTHING_KNOWN, ...context });
}

/** The partitions of years, as they stand in the paths. */
export function yearList(years: readonly string[], changes: { bytes?: number; identity?: string } = {}) {
  return {
    partitions: years.map((year) => ({ partition: { year }, bytes: 0, identity: '', ...changes })),
    pathTexts: new Map([['year', new Map(years.map((year) => [year, year]))]]),
  };
}

export function stepFile(url: string, changes: Partial<StepFile> = {}): StepFile {
  return { url, rows: 100, bytes: 1000, fingerprint: `made ${url}`, ...changes };
}
