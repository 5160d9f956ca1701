/** A scan in a plan of DuckDB: what `EXPLAIN (FORMAT json)` says of it. */
export interface ExplainedScan {
  /** The columns that the scan hands on; one of a struct's fields as `driver.name`. */
  readonly projections: readonly string[];
  /** Texts of the conditions that it checks while it reads; all have to hold. */
  readonly filters: readonly string[];
  /** It stands in a recursion, which may run it many times. */
  readonly isRepeated: boolean;
}

interface PlanNode {
  readonly name?: string;
  readonly children?: readonly PlanNode[];
  readonly extra_info?: Readonly<Record<string, unknown>>;
}

/**
 * The scans of Parquet files in a plan as JSON.
 * https://duckdb.org/docs/stable/guides/meta/explain
 */
export function explainedScans(json: string): ExplainedScan[] {
  return scansOf(json, /parquet/i);
}

/** Scans of CSV. */
export function csvScans(json: string): ExplainedScan[] {
  return scansOf(json, /read_csv/i);
}

/** The scans of a feed, which has this one column. */
export function feedScans(json: string, column: string): ExplainedScan[] {
  const isOfFeed = (path: string) => path === column || path.startsWith(`${column}.`);
  return scansOf(json, /arrow_scan/i).filter(({ projections }) => projections.some(isOfFeed));
}

/** How often they read in all; infinite where a recursion may read again and again. */
export function timesRead(scans: readonly ExplainedScan[]): number {
  return scans.some(({ isRepeated }) => isRepeated) ? Number.POSITIVE_INFINITY : scans.length;
}

const RECURSION = /^REC(URSIVE)?_(KEY_)?CTE$/;

function scansOf(json: string, reader: RegExp): ExplainedScan[] {
  const nodes: readonly PlanNode[] = JSON.parse(json);
  return nodes.flatMap((node) => scansBelow(node, reader));
}

function scansBelow(
  { name = '', children = [], extra_info: info = {} }: PlanNode,
  reader: RegExp,
): ExplainedScan[] {
  const below = children.flatMap((child) => scansBelow(child, reader));
  if (RECURSION.test(name)) return below.map((scan) => ({ ...scan, isRepeated: true }));
  if (!reader.test(`${name} ${texts(info.Function).join()}`)) return below;
  return [
    { projections: texts(info.Projections), filters: texts(info.Filters), isRepeated: false },
    ...below,
  ];
}

/** DuckDB writes one text as itself, several as an array, none as an empty text. */
function texts(info: unknown): string[] {
  const all = Array.isArray(info) ? info : [info];
  return all.filter((text): text is string => typeof text === 'string' && text !== '');
}

/** Columns of the reader's own, for which nothing is read. */
const VIRTUAL = /^(file_row_number|file_index|filename|rowid)$/i;

/** The columns that a scan hands on and that are in the file. */
export function readColumns({ projections }: Pick<ExplainedScan, 'projections'>): string[] {
  return projections.filter((name) => !VIRTUAL.test(name));
}

/**
 * The columns that a scan reads, or `undefined` where the plan cannot tell.
 *
 * @param leaves - the paths of the file's columns
 */
export function scannedLeaves(
  { projections, filters }: ExplainedScan,
  leaves: readonly string[],
): string[] | undefined {
  const wanted = readColumns({ projections }).map((name) => name.replaceAll(', ', '.'));
  if (!wanted.every((name) => leaves.some((leaf) => isWithin(leaf, name)))) return undefined;
  return leaves.filter(
    (leaf) => wanted.some((name) => isWithin(leaf, name)) || filteredLeaves(filters, [leaf]).length > 0,
  );
}

/** Whether a column is the one of this name, or a part of it. */
export function isWithin(leaf: string, name: string): boolean {
  return leaf === name || leaf.startsWith(`${name}.`);
}

/** The columns that stand in the conditions, by themselves or by what they are a part of. */
export function filteredLeaves(filters: readonly string[], leaves: readonly string[]): string[] {
  const text = filters.join('\n').replaceAll(', ', '.');
  return leaves.filter((leaf) => pathsAbove(leaf).some((path) => mentions(text, path)));
}

/** `a.b.c` → `a`, `a.b`, `a.b.c` */
function pathsAbove(leaf: string): string[] {
  const names = leaf.split('.');
  return names.map((_, index) => names.slice(0, index + 1).join('.'));
}

function mentions(text: string, path: string): boolean {
  for (let at = text.indexOf(path); at >= 0; at = text.indexOf(path, at + 1)) {
    if (!/[\w.]$/.test(text.slice(0, at)) && !/^[\w.]/.test(text.slice(at + path.length))) return true;
  }
  return false;
}

/** Marks begin here, so that none is the index of a file. */
const FIRST_MARK = 9_000_000_000_000_000;

/** A condition that is always true, by which a scan is known in a plan. */
export function markCondition(mark: number): string {
  return `file_index <> ${FIRST_MARK + mark}`;
}

/** The mark of a scan; `undefined` where the optimizer left it out. */
export function markOf({ filters }: ExplainedScan): number | undefined {
  for (const filter of filters) {
    const [, text] = /^file_index!=(\d{16})$/.exec(filter) ?? [];
    if (text !== undefined) return Number(text) - FIRST_MARK;
  }
  return undefined;
}
