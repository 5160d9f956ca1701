import { expect, test } from 'vitest';
import { formatNumber } from '../../src/plan/text-amounts.ts';

test.each([0, 7, 999, 1000, -1_234_567, 1234.5678, 0.1, 12_345_678_901, 1e15])(
  '%d is written as Intl writes it in English',
  (value) => {
    expect(formatNumber(value)).toBe(value.toLocaleString('en'));
  },
);
