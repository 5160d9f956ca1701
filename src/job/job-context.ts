import type { JobParam } from './job.ts';
import type { JobReport } from './job-report.ts';
import type { YamlSource } from './yaml-source.ts';

/** What each part of the reading of one job needs. */
export interface JobContext {
  readonly source: YamlSource;
  readonly report: JobReport;
  /** The absolute path of the job's folder. */
  readonly folder: string;
  /** The working directory. */
  readonly cwd: string;
  /** The parameters of the command line, as texts. */
  readonly set: Readonly<Record<string, string>>;
}

/** The params that a job declares, and the values of those that have a right one. */
export interface ParamTable {
  readonly declared: readonly string[];
  readonly resolved: readonly JobParam[];
}

export interface RenderContext extends JobContext {
  readonly params: ParamTable;
}
