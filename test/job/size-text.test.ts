import { expect, test } from 'vitest';
import { parseSize } from '../../src/job/size-text.ts';

test.each([
  ['256MB', 256e6],
  ['1.5 GiB', 1.5 * 2 ** 30],
  ['10', 10],
  ['2 kb', 2000],
  ['0B', 0],
  ['1PB', undefined],
  ['-1MB', undefined],
  ['MB', undefined],
])('%s is %j bytes', (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});
