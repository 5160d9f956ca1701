import type { InputFormat } from '../job/job.ts';
import { sumSizes } from './input-bytes.ts';
import type { PartitionList } from './partition-list.ts';
import type { Plan, PlannedFile, PlannedInput } from './plan.ts';
import { type StepOutline, sharedColumns, stepOf } from './step-outlines.ts';
import type { PartitionValuesOf } from './step-plan.ts';

/** An input of which each partition reads its own files. */
export interface NarrowedInput {
  readonly name: string;
  readonly format: InputFormat;
  filesOf(partition: PartitionValuesOf): readonly PlannedFile[];
  /** The files of several partitions, each once, in the order of the input's rows. */
  filesOfAll(partitions: readonly PartitionValuesOf[]): readonly PlannedFile[];
  /** A partition's part of its files: all that share them have the same. */
  bytesOf(partition: PartitionValuesOf): number;
}

/** The inputs that a step of kind `partition` reads by its partitions. */
export function narrowedInputs(
  plan: Plan,
  outline: StepOutline,
  list: PartitionList | undefined,
): NarrowedInput[] {
  const step = stepOf(plan.job, outline);
  if (step === undefined || list === undefined) return [];
  return plan.inputs
    .filter(({ name }) => outline.narrowed.includes(name))
    .map((input) => narrowedInput(input, sharedColumns(input.input.pathColumns, step), list));
}

type SharedColumns = ReturnType<typeof sharedColumns>;

interface FilesOfKey {
  /** Places in the input's files, ascending. */
  readonly places: number[];
  partitions: number;
}

function narrowedInput(
  { name, input, files }: PlannedInput,
  columns: SharedColumns,
  { partitions, pathTexts }: PartitionList,
): NarrowedInput {
  const keyOf = (partition: PartitionValuesOf) =>
    JSON.stringify(columns.map(({ column }) => partition[column] ?? null));
  const keys = new Map<string, FilesOfKey>();
  for (const partition of partitions) {
    const key = keyOf(partition.partition);
    const known = keys.get(key);
    if (known === undefined) keys.set(key, { places: [], partitions: 1 });
    else known.partitions++;
  }
  for (const [place, file] of files.entries())
    keys.get(fileKey(file, columns, pathTexts) ?? '')?.places.push(place);
  const placesOf = (partition: PartitionValuesOf) => keys.get(keyOf(partition))?.places ?? [];
  const filesAt = (places: readonly number[]) => places.flatMap((place) => files[place] ?? []);
  return {
    name,
    format: input.format,
    filesOf: (partition) => filesAt(placesOf(partition)),
    filesOfAll: (all) => filesAt([...new Set(all.flatMap(placesOf))].sort((a, b) => a - b)),
    bytesOf: (partition) =>
      sumSizes(filesAt(placesOf(partition))) / (keys.get(keyOf(partition))?.partitions ?? 1),
  };
}

/** The key of the partitions that a file belongs to; `undefined` when its path's text stands for none. */
function fileKey(
  { pathValues }: PlannedFile,
  columns: SharedColumns,
  pathTexts: PartitionList['pathTexts'],
): string | undefined {
  const texts = columns.map(({ column, index }) => {
    const text = pathValues[index] ?? null;
    return text === null ? null : pathTexts.get(column)?.get(text);
  });
  return texts.includes(undefined) ? undefined : JSON.stringify(texts);
}
