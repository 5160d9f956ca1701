import { expect, test } from 'vitest';
import type { PathPart } from '../../src/job/job.ts';
import { splitRoot } from '../../src/job/output-root.ts';

const YEAR: PathPart = { kind: 'column', column: 'year' };
const text = (value: string): PathPart => ({ kind: 'text', text: value });

test.each([
  ['a param that is a folder', [text('out/a_'), YEAR], 3, 'out', [text('a_'), YEAR]],
  ['a param that ends in a slash', [text('out/a_'), YEAR], 4, 'out', [text('a_'), YEAR]],
  ['a param that is the start of a name', [text('out/pre_a_'), YEAR], 7, 'out', [text('pre_a_'), YEAR]],
  ['a param that is the whole path', [text('out/all.json')], 12, 'out', [text('all.json')]],
  ['text with folders', [text('a/b/c_'), YEAR], 0, 'a/b', [text('c_'), YEAR]],
  ['a name alone', [text('all.json')], 0, '.', [text('all.json')]],
  ['a column first', [YEAR, text('.json')], 0, '.', [YEAR, text('.json')]],
  ['a folder that is a column', [text('out/'), YEAR, text('/x.json')], 3, 'out', [YEAR, text('/x.json')]],
  ['the root of the disk', [text('/all.json')], 0, '/', [text('all.json')]],
  ['a bucket', [text('s3://bucket/pre/x_'), YEAR], 15, 's3://bucket/pre', [text('x_'), YEAR]],
] as const)('%s gives the root', (_, parts, leadLength, root, path) => {
  const location = splitRoot(parts, leadLength);
  expect({ ...location, root: location.root.replace(/(?<=[^/])\/$/, '') }).toEqual({ root, path });
});
