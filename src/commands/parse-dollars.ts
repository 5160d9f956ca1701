import { PitwallError } from '../error.ts';

/** An option's amount of dollars, such as `2.50`. @throws PitwallError (`usage`) */
export function parseDollars(option: string): (text: string) => number {
  return (text) => {
    if (/^\$?\d+(\.\d+)?$/.test(text)) return Number(text.replace('$', ''));
    throw new PitwallError('usage', `${option} expects an amount of dollars such as 2.50, got "${text}"`);
  };
}
