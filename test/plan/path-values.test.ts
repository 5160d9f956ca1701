import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pathValues, templateGlob } from '../../src/plan/path-values.ts';

describe('values of a path', () => {
  it.each([
    ['/d/races_2020.csv', '/d/races_{year}.csv', ['year'], ['2020']],
    ['/d/year=2020/x.parquet', '/d/year={year}/*.parquet', ['year'], ['2020']],
    ['/d/year=2020/x.parquet', '/d/**/*.parquet', ['year'], ['2020']],
    ['/d/x/2020/a.csv', '/d/**/{year}/[a-c].{csv,txt}', ['year'], ['2020']],
    ['/d/2020/7/2020-7.csv', '/d/{y}/{m}/{y}-{m}.csv', ['y', 'm'], ['2020', '7']],
    ['/d/k=a%2Fb%20c/x', '/d/k=*/x', ['k'], ['a/b c']],
    ['/d/k=%FF%20/x', '/d/k=*/x', ['k'], ['%FF%20']],
    ['/d/k=/x', '/d/k={k}/x', ['k'], ['']],
    ['/d/k=NULL/x', '/d/k={k}/x', ['k'], ['NULL']],
    ['/d/k=__HIVE_DEFAULT_PARTITION__/x', '/d/k={k}/x', ['k'], [null]],
    ['/d/a.b+c/2020.csv', '/d/a.b+c/{year}.csv', ['year'], ['2020']],
    ['/d/x', '/d/x', [], []],
  ] as const)('of %s by %s', (url, template, columns, values) => {
    expect(pathValues(url, template, columns)).toEqual(values);
  });

  it('are told apart where a column stands twice with two values', () => {
    expect(() => pathValues('/d/2020/2021.csv', '/d/{year}/{year}.csv', ['year'])).toThrow(
      'expected a folder year=…, the path has none',
    );
  });

  it('of any text come back from its percent-encoded folder', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const folder = encodeURIComponent(text);
        expect(pathValues(`/d/k=${folder}/a.csv`, '/d/k={k}/*.csv', ['k'])).toEqual([text]);
      }),
    );
  });

  it('are listed by a glob in the place of each placeholder, other braces kept', () => {
    expect(templateGlob('/d/{year}/{a,b}_{month}.csv', ['year', 'month'])).toBe('/d/*/{a,b}_*.csv');
  });
});
