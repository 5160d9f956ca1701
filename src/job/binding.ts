import type { Session } from '../duckdb/session.ts';
import type { JobReading } from './job-reading.ts';
import type { Relations } from './relations.ts';

/** What the binding of a job's SQL needs: what was read, where it is bound, what is bound so far. */
export interface Binding {
  readonly reading: JobReading;
  readonly session: Session;
  readonly relations: Relations;
}
