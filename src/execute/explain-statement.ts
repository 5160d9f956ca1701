import type { Parameters, Session } from '../duckdb/session.ts';
import { PitwallError } from '../error.ts';

/** The plan of a statement as JSON; `undefined` where it cannot be told. @throws PitwallError (`interrupted`) */
export async function explainStatement(
  session: Session,
  sql: string,
  parameters: Parameters,
): Promise<string | undefined> {
  try {
    const plan = await session.explain(sql, parameters);
    return plan.startsWith('[') ? plan : undefined;
  } catch (error) {
    if (error instanceof PitwallError && error.kind === 'interrupted') throw error;
    return undefined;
  }
}
