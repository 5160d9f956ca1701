import { PitwallError } from '../error.ts';
import type { PlannedInput } from './plan.ts';
import { formatBytes } from './text-amounts.ts';

/** Bytes of files as they are stored. */
export function sumSizes(files: Iterable<{ readonly sizeBytes: number }>): number {
  let total = 0;
  for (const { sizeBytes } of files) total += sizeBytes;
  return total;
}

/** The same of all files of inputs. */
export function sumInputBytes(inputs: Iterable<Pick<PlannedInput, 'files'>>): number {
  let total = 0;
  for (const { files } of inputs) total += sumSizes(files);
  return total;
}

/** @throws PitwallError (`usage`) when inputs are larger than a run may read */
export function refuseLarge(inputBytes: number, maxBytes: number | undefined): void {
  if (maxBytes === undefined || inputBytes <= maxBytes) return;
  const [has, most] = toldApart(inputBytes, maxBytes);
  throw new PitwallError(
    'usage',
    `the inputs have ${has}, more than --max-bytes ${most}; narrow the inputs or raise the limit`,
  );
}

/** In larger units, unless those would make them the same. */
function toldApart(bytes: number, others: number): [string, string] {
  const texts: [string, string] = [formatBytes(bytes), formatBytes(others)];
  return texts[0] === texts[1] ? [`${bytes} B`, `${others} B`] : texts;
}
