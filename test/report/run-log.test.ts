import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { RunEvent } from '../../src/report/event.ts';
import type { LogDestination } from '../../src/report/log-destination.ts';
import { openRunLog, type RunLogOptions } from '../../src/report/run-log.ts';

const CANARY = 'kanarienvogel "1"\\';
const redact = (text: string) => text.replaceAll(CANARY, '***');
const place = { stepId: 'stats', index: 3, worker: 1 };
const EVENTS: readonly RunEvent[] = [
  { kind: 'started', runId: 'r1', job: 'sales' },
  { kind: 'planned', inputBytes: 2000, inputFiles: 1, steps: ['stats'], runId: 'r0', folder: '/o/r0' },
  { kind: 'step', stepId: 'stats', tasks: 4, skipped: 0, bytes: 9, taskBytes: [9] },
  { kind: 'task', event: { kind: 'task started', ...place, attempt: 'a1' } },
  { kind: 'task', event: { kind: 'task output', ...place, text: 'a word' } },
  { kind: 'task', event: { kind: 'task retried', ...place, reason: 'killed by SIGKILL' } },
  { kind: 'task', event: { kind: 'task started', ...place, attempt: 'a2' } },
  { kind: 'task', event: { kind: 'task failed', ...place, message: `no ${CANARY}` } },
  { kind: 'failed', message: `no ${CANARY}` },
];

async function linesOf(events: readonly RunEvent[], options: Partial<RunLogOptions> = {}) {
  const lines: string[] = [];
  const log = await openRunLog(
    { kind: 'stderr' },
    { stderr: (line) => lines.push(line), redact, ...options },
  );
  for (const event of events) log.event(event);
  expect(await log.close()).toBeUndefined();
  expect(lines.every((line) => line.endsWith('\n') && line.indexOf('\n') === line.length - 1)).toBe(true);
  return { documents: lines.map((line) => JSON.parse(line)), text: lines.join('') };
}

describe('a log', () => {
  it('has a document a line with level, time, job and run, and of tasks step, task, attempt and worker', async () => {
    const { documents } = await linesOf(EVENTS);
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    const head = { time, job: 'sales', run: 'r0' };
    const task = { ...head, step: 'stats', task: 3, worker: 1 };
    expect(documents).toEqual([
      { ...head, level: 'info', run: 'r1', kind: 'started', runId: 'r1', msg: 'run r1 of job sales started' },
      {
        ...{ ...head, level: 'info', kind: 'planned', inputBytes: 2000, inputFiles: 1, steps: ['stats'] },
        ...{ runId: 'r0', folder: '/o/r0', msg: 'reading 1 file, 2.0 kB' },
      },
      {
        ...{ ...head, level: 'info', kind: 'step', step: 'stats', tasks: 4, skipped: 0, bytes: 9 },
        msg: 'stats: 4 tasks, 9 B',
      },
      { ...task, level: 'info', kind: 'task started', attempt: 'a1', msg: 'stats 3 started' },
      { ...task, level: 'warn', kind: 'task output', attempt: 'a1', text: 'a word', msg: 'a word' },
      {
        ...{ ...task, level: 'warn', kind: 'task retried', attempt: 'a1', reason: 'killed by SIGKILL' },
        msg: 'stats 3 is run again: killed by SIGKILL',
      },
      { ...task, level: 'info', kind: 'task started', attempt: 'a2', msg: 'stats 3 started' },
      {
        ...{ ...task, level: 'error', kind: 'task failed', attempt: 'a2', message: 'no ***' },
        msg: 'stats 3 failed: no ***',
      },
      { ...head, level: 'error', kind: 'failed', msg: 'no ***' },
    ]);
  });

  it('names the attempt of the record where another process made it', async () => {
    const [started, committed] = (
      await linesOf([
        { kind: 'task', event: { kind: 'task started', ...place, submission: 's1' } },
        { kind: 'task', event: { kind: 'task committed', ...place, attempt: 'a9', rows: 1, elapsedMs: 2 } },
      ])
    ).documents;
    expect(started).toMatchObject({ submission: 's1' });
    expect(started).not.toHaveProperty('attempt');
    expect(committed).toMatchObject({ attempt: 'a9' });
  });

  it('has no secret, however JSON would write it', async () => {
    const { text } = await linesOf(EVENTS);
    expect(text).not.toContain('kanarienvogel');
  });

  it('tells progress every five seconds at most', async () => {
    const progress = { phase: 'p', fraction: 0.5, bytes: 1, rows: 2 };
    const event: RunEvent = { kind: 'task', event: { kind: 'task progress', ...place, progress } };
    const { documents } = await linesOf([event, event, event]);
    expect(documents.map(({ kind, phase, progress }) => [kind, phase, progress])).toEqual([
      ['task progress', 'p', undefined],
    ]);
  });

  it('goes to a file, behind what is there', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'pitwall-log-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const path = join(folder, 'run.ndjson');
    for (const _ of [1, 2]) {
      const log = await openRunLog({ kind: 'file', path }, { stderr: () => undefined });
      log.event({ kind: 'warning', message: 'careful' });
      expect(await log.close()).toBeUndefined();
    }
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual(['careful', 'careful']);
  });

  it('is refused before anything runs when its file cannot be written', async () => {
    const path = join(tmpdir(), 'no such folder', 'run.ndjson');
    const opening = openRunLog({ kind: 'file', path }, { stderr: () => undefined });
    await expect(opening).rejects.toMatchObject({
      kind: 'usage',
      message: expect.stringMatching(/^--log .*run\.ndjson: the file cannot be written: ENOENT/),
    });
  });

  it('counts lines that its file did not take, and does not fail', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'pitwall-log-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const path = join(folder, 'run.ndjson');
    const log = await openRunLog({ kind: 'file', path }, { stderr: () => undefined });
    await rm(path);
    await mkdir(path);
    log.event({ kind: 'warning', message: 'careful' });
    expect(await log.close()).toMatch(/^1 line of the log is lost: EISDIR/);
  });

  it.each<[Pick<RunLogOptions, 'fields'> & { readonly stream?: string }, string]>([
    [{}, 'sales/r1'],
    [{ fields: { run: 'r9', step: 'stats', task: 4, attempt: 'a' } }, 'sales/r1/stats-4/a'],
    [{ stream: 'mine' }, 'mine'],
  ])('ships to the stream of its run or task: %o', async ({ fields = {}, stream }, name) => {
    const shipped: string[] = [];
    const destination: LogDestination = {
      write: () => undefined,
      close: async () => ({ lines: 2, reason: `no ${CANARY}` }),
    };
    const ship = (group: string, into: string) => {
      shipped.push(`${group}: ${into}`);
      return destination;
    };
    const target = { kind: 'cloudwatch' as const, group: 'g', stream };
    const log = await openRunLog(target, { stderr: () => undefined, fields, ship, redact });
    for (const event of EVENTS) log.event(event);
    expect(shipped).toEqual([`g: ${name}`]);
    expect(await log.close()).toBe('2 lines of the log are lost: no ***');
  });
});
