import { expect, it } from 'vitest';
import { parseLogTarget } from '../../src/report/log-target.ts';

it.each([
  ['json', { kind: 'stderr' }],
  ['run.ndjson', { kind: 'file', path: 'run.ndjson' }],
  ['cloudwatch:/pitwall/runs', { kind: 'cloudwatch', group: '/pitwall/runs', stream: undefined }],
  ['cloudwatch:g:sales/1', { kind: 'cloudwatch', group: 'g', stream: 'sales/1' }],
])('--log %s is understood', (text, target) => {
  expect(parseLogTarget(text)).toEqual(target);
});

it.each([
  ['', '--log expects json, cloudwatch:GROUP[:STREAM] or the path of a file'],
  [
    'cloudwatch:',
    '--log cloudwatch:: expected the name of a log group (letters, digits and . - _ / #, up to 512), got ""',
  ],
  [
    'cloudwatch:a b',
    '--log cloudwatch:a b: expected the name of a log group (letters, digits and . - _ / #, up to 512), got "a b"',
  ],
  [
    'cloudwatch:g:a*',
    '--log cloudwatch:g:a*: expected the name of a log stream (without : and *, up to 512 characters), got "a*"',
  ],
  [
    'cloudwatch:g:a:b',
    '--log cloudwatch:g:a:b: expected the name of a log stream (without : and *, up to 512 characters), got "a:b"',
  ],
])('--log %j is refused', (text, message) => {
  expect(() => parseLogTarget(text)).toThrow(expect.objectContaining({ kind: 'usage', message }));
});
