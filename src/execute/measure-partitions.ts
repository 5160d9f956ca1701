import type { Session } from '../duckdb/session.ts';
import { quoteIdentifier } from '../duckdb/sql.ts';
import type { Column } from '../job/job.ts';
import type { StepFile } from '../plan/step-plan.ts';
import { PLACE_COLUMN, partitionRows } from './partition-filter.ts';
import type { PartitionTexts } from './partition-path.ts';
import { stepFileCounts } from './step-relation.ts';

/** A step whose rows are narrowed to partitions. */
export interface NarrowedStep {
  readonly name: string;
  /** The columns of the step's result. */
  readonly columns: readonly Column[];
  readonly files: readonly StepFile[];
  /** The step's column for each partition column by which it is narrowed. */
  readonly shared: readonly { readonly partition: string; readonly own: string }[];
}

export interface PartitionMeasure {
  /** Its share of its files' bytes, by rows. */
  readonly bytes: number;
  /** MD5 over the distinct fingerprints, in their order, of the files that hold rows of it. */
  readonly identity: string;
}

const NOTHING: PartitionMeasure = { bytes: 0, identity: '' };

/**
 * What narrowed steps hold of each partition, in the order of the partitions.
 *
 * @param columns - those of the partitions, with their types
 */
export async function measurePartitions(
  session: Session,
  partitions: readonly PartitionTexts[],
  columns: readonly Column[],
  steps: readonly NarrowedStep[],
): Promise<PartitionMeasure[]> {
  const read = steps.filter(({ files }) => files.length > 0);
  if (read.length === 0 || partitions.length === 0) return partitions.map(() => NOTHING);
  const found = await queryMeasures(session, partitions, columns, read);
  return partitions.map((_, index) => found.get(index) ?? NOTHING);
}

/** Files stand in it as numbers, so that 100,000 partitions of a thousand files each fit into memory. */
async function queryMeasures(
  session: Session,
  partitions: readonly PartitionTexts[],
  columns: readonly Column[],
  steps: readonly NarrowedStep[],
): Promise<Map<number, PartitionMeasure>> {
  const fingerprints = [
    ...new Set(steps.flatMap(({ files }) => files.map((file) => file.fingerprint))),
  ].sort();
  const rows = partitionRows(partitions, columns);
  const parts = steps.map((step, index) => partsOfStep(step, index));
  const sql = `
    WITH wanted AS (${rows.sql}),
    held AS (${parts.join('\nUNION ALL\n')})
    SELECT place, sum(bytes) AS bytes,
      md5(array_to_string(list_transform(list_sort(list_distinct(list(rank))), lambda r: ($fingerprints::VARCHAR[])[r]), ',')) AS identity
    FROM held GROUP BY place`;
  const found = await session.rows(sql, {
    ...rows.parameters,
    ...Object.assign({}, ...steps.map((step, index) => filesOfStep(step, index, fingerprints))),
    fingerprints,
  });
  return new Map(
    found.map(({ place, bytes, identity }) => [
      Number(place),
      { bytes: Math.round(Number(bytes)), identity: String(identity) },
    ]),
  );
}

/** The SELECT of what each file of a step holds of each partition. */
function partsOfStep(step: NarrowedStep, index: number): string {
  const matches = step.shared.map(
    ({ partition, own }) =>
      `wanted.${quoteIdentifier(partition)} IS NOT DISTINCT FROM counted.${quoteIdentifier(own)}`,
  );
  const counted = stepFileCounts(
    step,
    step.shared.map(({ own }) => own),
  );
  // The step's own columns stand beside these: no name may be one of theirs.
  return `SELECT wanted.${PLACE_COLUMN} AS place, files.rank, counted.__pitwall_rows * files.bytes_a_row AS bytes
    FROM (${counted}) AS counted
    JOIN (SELECT unnest(range(${step.files.length})) AS file, unnest($ranks${index}::VARCHAR[])::INTEGER AS rank,
      unnest($bytes${index}::VARCHAR[])::DOUBLE AS bytes_a_row) AS files ON files.file = counted.__pitwall_file
    JOIN wanted ON ${matches.join(' AND ')}`;
}

function filesOfStep(
  { files }: NarrowedStep,
  index: number,
  fingerprints: readonly string[],
): Record<string, readonly string[]> {
  const ranks = new Map(fingerprints.map((fingerprint, place) => [fingerprint, String(place + 1)]));
  return {
    [`ranks${index}`]: files.map(({ fingerprint }) => ranks.get(fingerprint) ?? ''),
    [`bytes${index}`]: files.map(({ bytes, rows }) => String(bytes / Math.max(1, rows))),
  };
}
