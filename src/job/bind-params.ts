import type { Parameters, ParameterValue } from '../duckdb/session.ts';
import type { JobParam, ParamType } from './job.ts';

/** The values to bind for an SQL text's parameters, each with the SQL type of its declaration (integers BIGINT). */
export function bindParams(params: readonly JobParam[], names: readonly string[]): Parameters {
  const wanted = params.filter(({ name }) => names.includes(name));
  return Object.fromEntries(
    wanted.map(({ name, type, text }) => [name, text === null ? null : VALUES[type](text)]),
  );
}

const VALUES: Record<ParamType, (text: string) => ParameterValue> = {
  string: (text) => text,
  integer: BigInt,
  number: (value) => ({ type: 'DOUBLE', value }),
  boolean: (text) => text === 'true',
  date: (value) => ({ type: 'DATE', value }),
  timestamp: (value) => ({ type: 'TIMESTAMP', value }),
};
