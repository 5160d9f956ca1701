import { BYTES_PER_FILE, type Read, readOfFiles, readOfStep } from './estimate.ts';
import { groupShares } from './group-shares.ts';
import { type NarrowedInput, narrowedInputs } from './narrowed-inputs.ts';
import type { ListedPartition } from './partition-list.ts';
import type { Plan } from './plan.ts';
import { type StepOutline, stepOf } from './step-outlines.ts';
import type { SkippedUnit, TaskUnit } from './step-plan.ts';
import { isSkippable, readsOf, type StepContext, type StepWork, type TaskDraft } from './step-work.ts';
import { fileIdentity, type OwnReads, stepIdentity, type UnitFingerprint } from './unit-fingerprint.ts';

/** More outputs in one task take too much memory and too long to do again. */
const MOST_PARTITIONS = 5000;

/** A partition with what its task will read for it. */
interface PartitionShare {
  readonly unit: TaskUnit;
  /** Of its files, its part of the narrowed steps, or its share of what is read whole when nothing is narrowed. */
  readonly bytes: number;
  /** In bytes that take as long to read: what is read, the files that are opened and the one that is written. */
  readonly weight: number;
}

/** The tasks of a step that goes by partitions: groups of neighbouring partitions, without those that are skipped. */
export function partitionTasks(
  plan: Plan,
  outline: StepOutline,
  context: StepContext,
  fingerprint: UnitFingerprint,
): StepWork {
  const partitions = partitionsOf(plan, outline, context);
  const inputs = narrowedInputs(plan, outline, context.partitions);
  const objectBytes =
    outline.narrowed.length > 0 ? 0 : sumBytes(readsOf(plan, outline.whole, context.stepFiles));
  const toShare = shareMaker(outline, inputs, objectBytes / partitions.length, fingerprint);
  const shares = partitions.map(toShare);
  const isSkipped = isSkippable(plan, outline, context);
  const groups = groupShares(
    shares.filter(({ unit }) => !isSkipped(unit)),
    {
      weigh: ({ weight }) => weight,
      nameOf: ({ unit }) => JSON.stringify(unit.partition),
      targetBytes: plan.targetBytes,
      mostShares: MOST_PARTITIONS,
    },
  );
  return {
    drafts: groups.map((group) => toDraft(group, inputs)),
    skipped: shares.filter(({ unit }) => isSkipped(unit)).map(toSkipped),
  };
}

/** A step whose rows are not partitioned is written as one. */
function partitionsOf(
  plan: Plan,
  outline: StepOutline,
  { partitions, stepFiles }: StepContext,
): readonly ListedPartition[] {
  const step = stepOf(plan.job, outline);
  if (outline.kind === 'write' && step?.partitionBy.length === 0) {
    const files = stepFiles.get(step.name) ?? [];
    const bytes = files.reduce((total, file) => total + file.bytes, 0);
    return [{ partition: {}, bytes, identity: stepIdentity(files) }];
  }
  if (partitions === undefined) throw new Error(`the partitions of step ${outline.id} are not listed`);
  return partitions.partitions;
}

function shareMaker(
  { narrowed }: StepOutline,
  inputs: readonly NarrowedInput[],
  wholeShare: number,
  fingerprint: UnitFingerprint,
): (listed: ListedPartition) => PartitionShare {
  const readsSteps = narrowed.length > inputs.length;
  return ({ partition, identity, bytes }) => {
    const files = inputs.map((input) => ({ ...input, files: input.filesOf(partition) }));
    const identities = files.map(({ name, files }) => [name, files.map(fileIdentity)]);
    const own: OwnReads = { ...Object.fromEntries(identities), ...(readsSteps && { '': identity }) };
    const read = files.reduce((total, { bytesOf }) => total + bytesOf(partition), bytes + wholeShare);
    const opened = files.reduce((total, { files }) => total + files.length, 0);
    return {
      unit: { partition, fingerprint: fingerprint(partition, own) },
      bytes: Math.round(read),
      weight: read + (opened + 1) * BYTES_PER_FILE,
    };
  };
}

function toDraft(group: readonly PartitionShare[], inputs: readonly NarrowedInput[]): TaskDraft {
  const partitions = group.map(({ unit }) => unit.partition);
  const files = inputs.map((input) => ({ ...input, files: input.filesOfAll(partitions) }));
  const fileBytes = sumBytes(files.map(({ format, files }) => readOfFiles(format, files)));
  const bytes = group.reduce((total, share) => total + share.bytes, 0);
  return {
    files: Object.fromEntries(files.map(({ name, files }) => [name, files])),
    stepFiles: [],
    units: group.map(({ unit }) => unit),
    check: undefined,
    reads: [
      ...files.map(({ format, files }) => readOfFiles(format, files)),
      readOfStep(0, Math.max(0, bytes - fileBytes)),
    ],
  };
}

function toSkipped({ unit, bytes }: PartitionShare): SkippedUnit {
  return { ...unit, bytes };
}

function sumBytes(reads: readonly Read[]): number {
  return reads.reduce((total, { bytes }) => total + bytes, 0);
}
