import { interruptible } from '../duckdb/interruptible.ts';
import { openSession, type Parameters, type Session } from '../duckdb/session.ts';
import { withRelations } from '../execute/preview.ts';
import { bindParams } from '../job/bind-params.ts';
import { outlineSql, parameterNames, statementText } from '../job/sql-text.ts';
import { loadPlan } from '../plan-job.ts';
import { type JobCommandOptions, toJobOptions } from './job-options.ts';
import { showRows } from './show-rows.ts';
import type { Terminal } from './terminal.ts';

export interface QueryCommandOptions extends JobCommandOptions {
  readonly job?: string;
  readonly limit?: number;
  readonly json?: boolean;
}

/**
 * `pitwall query "SELECT …"`: over local files, or with `--job` over the inputs and steps of a job.
 */
export async function queryCommand(
  sql: string,
  options: QueryCommandOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const show = (session: Session, parameters: Parameters) =>
    showSelect(session, sql, parameters, options, terminal);
  if (options.job === undefined) return withPlainSession(signal, (session) => show(session, {}));
  const plan = await loadPlan(options.job, toJobOptions(options));
  const parameters = bindParams(plan.job.params, parameterNames(outlineSql(sql)));
  const wanted = { plan, until: undefined, s3Endpoint: options.s3Endpoint, signal };
  await withRelations(wanted, (session) => show(session, parameters));
}

async function withPlainSession(
  signal: AbortSignal,
  use: (session: Session) => Promise<void>,
): Promise<void> {
  const session = await openSession({
    settings: { autoinstall_known_extensions: false, autoload_known_extensions: false },
  });
  try {
    await session.run("SET TimeZone = 'UTC'");
    await interruptible(session, signal, () => use(session));
  } finally {
    await session.close();
  }
}

async function showSelect(
  session: Session,
  sql: string,
  parameters: Parameters,
  { limit, json = false }: QueryCommandOptions,
  terminal: Terminal,
): Promise<void> {
  await session.describe(sql, parameters);
  const limited =
    limit === undefined ? statementText(sql) : `SELECT * FROM (\n${statementText(sql)}\n) LIMIT ${limit}`;
  await showRows(await session.query(limited, parameters), json, terminal);
}
