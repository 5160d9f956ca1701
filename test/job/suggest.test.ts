import { expect, test } from 'vitest';
import { findName, nearest, oneOf, repeatedNames, suggest } from '../../src/job/suggest.ts';

test('a slip in a name finds the nearest known one, whatever its capitals', () => {
  expect(nearest('raceid', ['results', 'raceId'])).toBe('raceId');
  expect(nearest('partiton_by', ['partition', 'partition_by'])).toBe('partition_by');
  expect(nearest('weather', ['races', 'results'])).toBeUndefined();
});

test('where none is near, what exists is listed', () => {
  expect(suggest('weather', ['races', 'results'])).toBe('expected races or results');
  expect(suggest('weather', [])).toBe('there is none');
  expect(oneOf(Array.from({ length: 20 }, (_, index) => `c${index}`))).toMatch(/c11 or one of 8 more$/);
});

test('the same spelling wins over another in capitals', () => {
  expect(findName('YEAR', ['year', 'YEAR'])).toBe('YEAR');
  expect(findName('Year', ['year', 'YEAR'])).toBe('year');
  expect(repeatedNames(['a', 'b', 'A', 'a'])).toEqual(['A', 'a']);
});
