import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { diffOutputs } from '../../src/commands/diff-outputs.ts';
import type { FoundRun } from '../../src/commands/find-run.ts';
import type { Check } from '../../src/job/job.ts';
import { runFolder } from '../../src/plan/run-folder.ts';
import { writePlan } from '../../src/plan/task-files.ts';
import type { PublishedOutput } from '../../src/publish/manifest.ts';
import { openManifestLog } from '../../src/publish/manifest-log.ts';
import { localStorage } from '../../src/storage/local.ts';
import { someFolder, someJob, someOutput, someStep } from '../execute/some-step.ts';

const [BEFORE, AFTER] = ['01890000-0000-7000-8000-000000000001', '01890000-0000-7000-8000-000000000002'];
const UNIQUE: Check = {
  kind: 'relation',
  name: 'unique',
  severity: 'error',
  relation: 'Things',
  rules: [{ rule: 'unique', columns: ['K', 'id'] }],
};

const storage = localStorage();

/** Two runs that published these texts, by the value of `k`. */
async function twoRuns(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
  checks: readonly Check[] = [],
): Promise<[FoundRun, FoundRun]> {
  const store = `${await someFolder()}/_pitwall/job`;
  const output = someOutput('{k}.ndjson', { format: 'ndjson' });
  const job = someJob({ steps: [someStep('', { output, partitionBy: ['k'] })], checks });
  const log = openManifestLog(storage, store);
  const runs: FoundRun[] = [];
  for (const [index, texts] of [before, after].entries()) {
    const runId = [BEFORE, AFTER][index] ?? '';
    const folder = runFolder(store, runId);
    const outputs = await writeOutputs(folder.attempt('things', 0, 'a'), runId, texts);
    const common = { version: 1, job: 'job', runId, fingerprint: '', kept: [], checks: [] } as const;
    expect(await log.append({ ...common, sequence: index + 1, publishedAt: '', outputs })).toBe(true);
    await writePlan(storage, folder, {
      ...{ version: 2, job, jobHash: '', engine: '', only: {}, columns: {}, inputs: [] },
      ...{ shape: 'fused', targetBytes: 1, sha256: '', asked: { set: {}, cwd: '/' } },
    });
    runs.push({ storage, folder });
  }
  return runs as [FoundRun, FoundRun];
}

async function writeOutputs(
  attempt: string,
  runId: string,
  texts: Readonly<Record<string, string>>,
): Promise<PublishedOutput[]> {
  const outputs = Object.entries(texts).map(async ([k, text]): Promise<PublishedOutput> => {
    const from = join(attempt, k);
    await mkdir(dirname(from), { recursive: true });
    await writeFile(from, text);
    const rows = text.split('\n').length - 1;
    const digest = { rows, bytes: text.length, sha256: text };
    const place = { root: '/out', url: `/out/${k}.ndjson`, etag: '', from };
    return { step: 'things', partition: { k }, unit: '', ...place, ...digest, runId };
  });
  return Promise.all(outputs);
}

const diff = (path: string, status: string, added: number, removed: number, changed: number) => ({
  ...{ path: `/out/${path}.ndjson`, status },
  ...{ rows_added: added, rows_removed: removed, rows_changed: changed },
});

describe('the difference between two runs', () => {
  it('has each output, and how many of its rows differ', async () => {
    const [before, after] = await twoRuns(
      { same: 'a\n', gone: 'a\nb\n', other: '{"id":1}\n{"id":2}\n{"id":3}\n' },
      { same: 'a\n', new: 'a\nb\nc\n', other: '{"id":1}\n{"id":4}\n{"id":5}\n{"id":3}\n' },
    );
    expect(await diffOutputs(before, after)).toEqual([
      diff('same', 'same', 0, 0, 0),
      diff('new', 'added', 3, 0, 0),
      diff('other', 'changed', 1, 0, 1),
      diff('gone', 'removed', 0, 2, 0),
    ]);
  });

  it('matches rows by the columns that a check holds to be unique, but for those of the path', async () => {
    const [before, after] = await twoRuns(
      { a: '{"id":1,"v":1}\n{"id":2,"v":1}\n' },
      { a: '{"id":3,"v":1}\n{"id":2,"v":9}\n{"id":1,"v":1}\n' },
      [UNIQUE],
    );
    expect(await diffOutputs(before, after)).toEqual([{ ...diff('a', 'changed', 1, 0, 1), key: ['id'] }]);
  });

  it('matches rows by their content where the file lacks the unique columns', async () => {
    const [before, after] = await twoRuns({ a: '{"v":1}\n' }, { a: '{"v":2}\n' }, [UNIQUE]);
    expect(await diffOutputs(before, after)).toEqual([diff('a', 'changed', 0, 0, 1)]);
  });

  it('cannot be told for a run that published nothing, or whose files are gone', async () => {
    const [before, after] = await twoRuns({ a: 'a\n' }, { a: 'b\n' });
    const none = { storage, folder: runFolder(after.folder.store, 'none') };
    await expect(diffOutputs(none, after)).rejects.toMatchObject({
      kind: 'usage',
      message: 'run none has published nothing that is left to compare; pitwall runs lists those that have',
    });
    const gone = join(before.folder.attempt('things', 0, 'a'), 'a');
    await rm(gone);
    await expect(diffOutputs(before, after)).rejects.toMatchObject({
      kind: 'data',
      message: `${gone}, published by run ${BEFORE}, is gone: pitwall clean has removed it`,
    });
  });
});
