import { PitwallError } from '../error.ts';

const UNITS_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** An option's duration, such as `3d`, in milliseconds. @throws PitwallError (`usage`) */
export function parseDuration(option: string): (text: string) => number {
  return (text) => {
    const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)([smhd])$/.exec(text) ?? [];
    const unitMs = UNITS_MS[unit];
    if (unitMs !== undefined) return Number(amount) * unitMs;
    throw new PitwallError('usage', `${option} expects a duration such as 3d, 12h or 30m, got "${text}"`);
  };
}
