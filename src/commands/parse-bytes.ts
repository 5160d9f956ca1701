import { PitwallError } from '../error.ts';
import { parseSize } from '../job/size-text.ts';

/** An option's size, such as `4GB`, in bytes. @throws PitwallError (`usage`) */
export function parseBytes(option: string, least = 1): (text: string) => number {
  return (text) => {
    const bytes = parseSize(text);
    if (bytes !== undefined && bytes >= least) return bytes;
    throw new PitwallError('usage', `${option} expects a size such as 4GB or 512MB, got "${text}"`);
  };
}
