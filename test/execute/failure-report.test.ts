import { expect, test } from 'vitest';
import { PitwallError } from '../../src/error.ts';
import { readFailures, writeFailure } from '../../src/execute/failure-report.ts';
import { runFolder } from '../../src/plan/run-folder.ts';
import { localStorage } from '../../src/storage/local.ts';
import { emptyFolder } from '../e2e/workspace.ts';

const storage = localStorage();
const LIMITS = { threads: 2, memoryBytes: 1e9 };
const redact = (text: string) => text.replaceAll('canary', '***');

test('a failure is read as the error that it was, without its secrets and its stack', async () => {
  const folder = runFolder(await emptyFolder(), 'run');
  const place = { file: 'laps.csv', line: 5 };
  const error = new PitwallError('data', 'canary is no BIGINT', { place });
  const of = { stepId: 'stats.write', index: 12, submission: 'abc-1' };
  await writeFailure(storage, folder, of, { error, limits: LIMITS, redact });
  await writeFailure(
    storage,
    folder,
    { ...of, submission: 'abc-2' },
    { error: new Error('a bug'), limits: LIMITS, redact },
  );
  const [failure, ...others] = await readFailures(
    storage,
    folder,
    'stats.write',
    ({ submission }) => submission === 'abc-1',
  );
  expect(others).toEqual([]);
  expect(failure).toMatchObject({
    index: 12,
    limits: LIMITS,
    error: { kind: 'data', message: '*** is no BIGINT', place },
  });
  const [bug] = await readFailures(
    storage,
    folder,
    'stats.write',
    ({ submission }) => submission === 'abc-2',
  );
  expect(bug?.error).not.toBeInstanceOf(PitwallError);
  expect(bug?.error.message).toBe('a bug');
});

test('the last failure of a submission is the one that is read', async () => {
  const folder = runFolder(await emptyFolder(), 'run');
  const of = { stepId: 'stats', index: 0, submission: 'abc' };
  for (const message of ['first', 'second'])
    await writeFailure(storage, folder, of, {
      error: new PitwallError('temporary', message),
      limits: LIMITS,
      redact,
    });
  const failures = await readFailures(storage, folder, 'stats', () => true);
  expect(failures.map(({ error }) => error.message)).toEqual(['second']);
});

test('a step of which nothing failed has none, and what is no report is an error', async () => {
  const folder = runFolder(await emptyFolder(), 'run');
  expect(await readFailures(storage, folder, 'stats', () => true)).toEqual([]);
  const url = folder.failure('stats', 0, 'abc');
  await storage.writeAtomic(url, Buffer.from('{'));
  await expect(readFailures(storage, folder, 'stats', () => true)).rejects.toThrow(
    `${url}: expected the report of a failed task`,
  );
});
