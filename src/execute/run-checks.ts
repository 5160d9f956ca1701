import type { Session } from '../duckdb/session.ts';
import { encodeJson } from '../encode/encode-json.ts';
import { bindParams } from '../job/bind-params.ts';
import type { Check, Job } from '../job/job.ts';
import { statementText } from '../job/sql-text.ts';
import { ruleTitle, violationsSql } from './check-sql.ts';
import type { CheckResult } from './record.ts';
import { placingErrors } from './step-query.ts';

const MAX_EXAMPLES = 10;

/** Runs the job's checks where its inputs and steps are tables; a result for each rule. @throws QueryError */
export async function runChecks(session: Session, job: Job): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const check of job.checks) results.push(...(await runCheck(session, job, check)));
  return results;
}

/** A result for each rule of the check. @throws QueryError */
export async function runCheck(session: Session, job: Job, check: Check): Promise<CheckResult[]> {
  const { name, severity } = check;
  if (check.kind === 'sql') {
    const sql = statementText(check.sql);
    const parameters = bindParams(job.params, check.parameters);
    const find = () => findViolations(session, sql, parameters);
    return [{ name, severity, ...(await placingErrors(check, { sql, before: COUNTING.length }, find)) }];
  }
  const results: CheckResult[] = [];
  for (const rule of check.rules) {
    const found = await findViolations(session, violationsSql(check.relation, rule), {});
    const title = check.rules.length === 1 ? name : `${check.relation}: ${ruleTitle(rule)}`;
    results.push({ name: title, severity, ...found });
  }
  return results;
}

/** Of one length, so that an error of either query has its place. */
const COUNTING = 'SELECT count(*) AS violations FROM (\n';
const SAMPLING = 'SELECT * FROM (\n'.padStart(COUNTING.length);

async function findViolations(
  session: Session,
  sql: string,
  parameters: ReturnType<typeof bindParams>,
): Promise<Pick<CheckResult, 'violations' | 'examples'>> {
  const [row] = await session.rows(`${COUNTING}${sql}\n)`, parameters);
  const violations = Number(row?.violations ?? 0);
  if (violations === 0) return { violations, examples: [] };
  const sample = await session.query(`${SAMPLING}${sql}\n) ORDER BY ALL LIMIT ${MAX_EXAMPLES}`, parameters);
  const text = new TextDecoder().decode(
    await encodeJson(sample, { schema: sample.schema, nonfinite: 'string' }),
  );
  const examples = text
    .split('\n')
    .slice(1, -2)
    .map((line) => line.replace(/,$/, ''));
  return { violations, examples };
}
