import type { Input } from '../job/job.ts';
import { isRemote } from '../storage/is-remote.ts';

/** Whether any input lies in an object store: what reads it has to fetch it first. */
export function hasRemoteInputs(inputs: readonly Pick<Input, 'paths'>[]): boolean {
  return inputs.some(({ paths }) => paths.some(isRemote));
}
