import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { RunEvent } from '../../src/report/event.ts';
import { createEventLog } from '../../src/report/event-log.ts';
import { localStorage } from '../../src/storage/local.ts';

async function someFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'pitwall-report-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const storage = localStorage();
const redact = (text: string) => text.replace('secret', '***');
const warning = (message: string): RunEvent => ({ kind: 'warning', message });

async function linesOf(path: string): Promise<unknown[]> {
  const text = await readFile(path, 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

describe('the log of events', () => {
  it('has a line of JSON for each, with its time and run, without secrets', async () => {
    const file = join(await someFolder(), 'events.ndjson');
    const log = createEventLog({ runId: 'r', redact, now: () => 0 });
    const { event } = log;
    event({ kind: 'started', runId: 'r', job: 'sales' });
    log.open({ file, url: file, storage });
    event({ kind: 'step', stepId: 's', tasks: 2, skipped: 0, bytes: 9, taskBytes: [5, 4] });
    event({
      kind: 'task',
      event: { kind: 'task retried', stepId: 's', index: 1, worker: 0, reason: 'a secret' },
    });
    await log.close();
    const head = { time: '1970-01-01T00:00:00.000Z', run: 'r' };
    expect(await linesOf(file)).toEqual([
      { ...head, kind: 'started', runId: 'r', job: 'sales' },
      { ...head, kind: 'step', stepId: 's', tasks: 2, skipped: 0, bytes: 9 },
      { ...head, kind: 'task retried', stepId: 's', index: 1, worker: 0, reason: 'a ***' },
    ]);
  });

  it('has the progress of each worker every five seconds at most, and counts what other files list', async () => {
    const file = join(await someFolder(), 'events.ndjson');
    let now = 0;
    const log = createEventLog({ runId: 'r', redact, now: () => now });
    log.open({ file, url: file, storage });
    const advance = (atMs: number, worker: number) => {
      now = atMs;
      const progress = { phase: 'p', fraction: 0.5, bytes: 1, rows: 2 };
      log.event({ kind: 'task', event: { kind: 'task progress', stepId: 's', index: 0, worker, progress } });
    };
    advance(0, 0);
    advance(1, 1);
    advance(4999, 0);
    advance(5000, 0);
    log.event({
      kind: 'published',
      result: {
        run_id: 'r',
        job: 'sales',
        status: 'succeeded',
        engine: 'local',
        elapsed_s: 1,
        tasks: { total: 1, run: 1, skipped: 0, failed: 0 },
        input_bytes: 1,
        rows: 2,
        outputs: [{ path: '/o/a.json', rows: 2, bytes: 3, sha256: '' }],
        checks: [],
      },
    });
    await log.close();
    const lines = await linesOf(file);
    expect(lines.slice(0, 3)).toEqual(
      [
        [0, 0],
        [1, 1],
        [5000, 0],
      ].map(([atMs = 0, worker]) => ({
        time: new Date(atMs).toISOString(),
        run: 'r',
        kind: 'task progress',
        ...{ stepId: 's', index: 0, worker, phase: 'p', fraction: 0.5, bytes: 1, rows: 2 },
      })),
    );
    expect(lines[3]).toMatchObject({ kind: 'published', status: 'succeeded', rows: 2, outputs: 1 });
    expect(lines).toHaveLength(4);
  });

  it('goes on with the lines that a run had before it was resumed', async () => {
    const file = join(await someFolder(), 'events.ndjson');
    for (const message of ['one', 'two']) {
      const log = createEventLog({ runId: 'r', redact });
      log.open({ file, url: file, storage });
      log.event(warning(message));
      await log.close();
    }
    expect(await linesOf(file)).toMatchObject([{ message: 'one' }, { message: 'two' }]);
  });

  it('is added in the end to what lies in a store elsewhere', async () => {
    const folder = await someFolder();
    const url = join(folder, 'store/events.ndjson');
    for (const message of ['one', 'two']) {
      const file = join(folder, `${message}.ndjson`);
      const log = createEventLog({ runId: 'r', redact });
      log.open({ file, url, storage });
      log.event(warning(message));
      await log.close();
    }
    expect(await linesOf(url)).toMatchObject([{ message: 'one' }, { message: 'two' }]);
  });

  it('writes many lines in their order', async () => {
    const file = join(await someFolder(), 'events.ndjson');
    const log = createEventLog({ runId: 'r', redact });
    log.open({ file, url: file, storage });
    const messages = Array.from({ length: 2500 }, (_, index) => String(index));
    for (const message of messages) log.event(warning(message));
    await log.close();
    expect((await linesOf(file)).map((line) => (line as { message: string }).message)).toEqual(messages);
  });

  it('never fails its run', async () => {
    const folder = await someFolder();
    await writeFile(join(folder, 'file'), '');
    for (const file of [join(folder, 'gone/events.ndjson'), join(folder, 'file/events.ndjson')]) {
      const log = createEventLog({ runId: 'r', redact });
      log.open({ file, url: join(folder, 'file/there'), storage });
      log.event(warning('lost'));
      await expect(log.close()).resolves.toBeUndefined();
    }
  });

  it('writes nothing for a run that never had a folder', async () => {
    const log = createEventLog({ runId: 'r', redact });
    log.event(warning('dropped'));
    await expect(log.close()).resolves.toBeUndefined();
  });
});
