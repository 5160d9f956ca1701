import type { Binding } from './binding.ts';
import type { Step } from './job.ts';
import { outlineSql } from './sql-text.ts';
import { shownPath, textPlace } from './text-place.ts';

/** Functions whose value is another in each run, by https://duckdb.org/docs/stable/sql/functions/overview. */
const CHANGING = new Set(
  'now today get_current_timestamp get_current_time current_localtime current_localtimestamp transaction_timestamp random uuid uuidv4 uuidv7 gen_random_uuid'.split(
    ' ',
  ),
);

/** Values that are written without parentheses, unless a column has that name. */
const CHANGING_WORDS = new Set(
  'current_date current_time current_timestamp localtime localtimestamp'.split(' '),
);

/** Warns where a step takes a value that is not of its inputs: a run with the same inputs is not done again for it. */
export function warnOfChangingValues(step: Step, { reading, relations }: Binding): void {
  const { context } = reading;
  const { calls, words } = outlineSql(step.sql);
  const columns = new Set([...relations.columns().values()].flat().map(({ name }) => name.toLowerCase()));
  const call = calls.find(({ name }) => CHANGING.has(name));
  const word = [...words].find((text) => CHANGING_WORDS.has(text) && !columns.has(text));
  const name = call === undefined ? word : `${call.name}()`;
  if (name === undefined) return;
  const offset = call?.offset ?? step.sql.search(new RegExp(`\\b${word}\\b`, 'i'));
  const message = `${name} is another value in each run, but nothing runs again while inputs and SQL are the same; declare a parameter and pass it with --set`;
  context.report.warning(textPlace(shownPath(step.file, context.cwd), step.sql, offset), message);
}
