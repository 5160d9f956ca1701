import { BYTES_PER_FILE, readOfFiles, readOfStep } from './estimate.ts';
import { groupShares } from './group-shares.ts';
import type { Plan, PlannedFile, PlannedInput } from './plan.ts';
import { isDividable, type StepOutline } from './step-outlines.ts';
import type { StepFile, StepFilePart } from './step-plan.ts';
import type { StepContext, TaskDraft } from './step-work.ts';
import { fileIdentity, stepFileIdentity, type UnitFingerprint } from './unit-fingerprint.ts';

/** The rows of a row group as DuckDB writes it: parts that end with one read no row group twice. */
const ROW_GROUP_ROWS = 122_880;

/** The tasks of a sliced step: shares of an input's files, or of an earlier step's. At least one, which may be empty. */
export function sliceTasks(
  plan: Plan,
  outline: StepOutline,
  context: StepContext,
  fingerprint: UnitFingerprint,
): TaskDraft[] {
  const [name = ''] = outline.narrowed;
  const input = plan.inputs.find((planned) => planned.name === name);
  if (input === undefined)
    return stepSlices(name, context.stepFiles.get(name) ?? [], plan.targetBytes, fingerprint);
  return inputSlices(input, context.cut ?? input.files, plan.targetBytes, fingerprint);
}

function inputSlices(
  { name, input }: PlannedInput,
  files: readonly PlannedFile[],
  targetBytes: number,
  fingerprint: UnitFingerprint,
): TaskDraft[] {
  const groups = isDividable(input) ? groupFiles(files, targetBytes) : [files];
  return orOneEmpty(groups).map((group) => ({
    files: { [name]: group },
    stepFiles: [],
    units: [{ partition: {}, fingerprint: fingerprint({}, { [name]: group.map(fileIdentity) }) }],
    check: undefined,
    reads: [readOfFiles(input.format, group)],
  }));
}

function groupFiles(files: readonly PlannedFile[], targetBytes: number): PlannedFile[][] {
  return groupShares(files, {
    weigh: ({ sizeBytes }) => sizeBytes + BYTES_PER_FILE,
    nameOf: ({ url, part }) => `${url}${part === undefined ? '' : JSON.stringify(part)}`,
    targetBytes,
  });
}

/** Of no rows a query may still give some: `SELECT count(*)`. */
function orOneEmpty<T>(groups: readonly (readonly T[])[]): readonly (readonly T[])[] {
  return groups.length === 0 ? [[]] : groups;
}

interface StepShare {
  readonly share: StepFilePart;
  readonly identity: unknown;
}

function stepSlices(
  name: string,
  files: readonly StepFile[],
  targetBytes: number,
  fingerprint: UnitFingerprint,
): TaskDraft[] {
  const shares = files.flatMap((file) => cutStepFile(file, targetBytes));
  const groups = groupShares(shares, {
    weigh: ({ share }) => share.bytes + BYTES_PER_FILE,
    nameOf: ({ identity }) => JSON.stringify(identity),
    targetBytes,
  });
  return orOneEmpty(groups).map((group) => ({
    files: {},
    stepFiles: group.map(({ share }) => share),
    units: [
      { partition: {}, fingerprint: fingerprint({}, { [name]: group.map(({ identity }) => identity) }) },
    ],
    check: undefined,
    reads: [
      readOfStep(
        group.length,
        group.reduce((total, { share }) => total + share.bytes, 0),
      ),
    ],
  }));
}

function cutStepFile(file: StepFile, targetBytes: number): StepShare[] {
  const { url, rows, bytes } = file;
  const parts = Math.ceil(bytes / targetBytes);
  const count = Math.ceil(rows / parts / ROW_GROUP_ROWS) * ROW_GROUP_ROWS;
  if (parts < 2 || count >= rows) {
    return [{ share: { url, rows, bytes }, identity: stepFileIdentity(file) }];
  }
  return Array.from({ length: Math.ceil(rows / count) }, (_, index) => {
    const part = { first: index * count, count: Math.min(count, rows - index * count) };
    const share = { url, rows: part.count, bytes: Math.round((bytes * part.count) / rows), part };
    return { share, identity: stepFileIdentity(file, part) };
  });
}
