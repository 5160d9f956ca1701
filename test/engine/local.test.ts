import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { TaskOutcome } from '../../src/engine/engine.ts';
import { PitwallError } from '../../src/error.ts';
import { LIMITS, openRig, type Rig, untilGone } from './worker-rig.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** The error of the only task that failed, as the user sees it. */
function failureOf(outcomes: readonly TaskOutcome[]): Error {
  const [failed, ...others] = outcomes.filter((outcome) => outcome.kind === 'failed');
  expect(others).toEqual([]);
  if (failed === undefined) throw new Error('no task failed');
  return failed.error;
}

function kinds(outcomes: readonly TaskOutcome[]): string[] {
  return outcomes.map(({ kind }) => kind);
}

function pids(rig: Rig): Set<number> {
  return new Set(rig.attempts().map(({ pid }) => pid));
}

describe('the pool of worker processes', () => {
  it('runs each task once, in processes that stay warm', async () => {
    const rig = await openRig({ workers: 2 });
    const outcomes = await rig.run(20);
    expect(outcomes.map(({ kind, index }) => [kind, index])).toEqual(
      Array.from({ length: 20 }, (_, index) => ['committed', index]),
    );
    expect(rig.attempts()).toHaveLength(20);
    expect(pids(rig).size).toBeLessThanOrEqual(2);
  });

  it('runs tasks at the same time', async () => {
    const rig = await openRig({ workers: 2, tasks: { 0: ['gate a'], 1: ['gate b'] } });
    const outcomes = rig.run(2);
    await Promise.all([rig.begun(0), rig.begun(1)]);
    await Promise.all([rig.openGate('a'), rig.openGate('b')]);
    expect(kinds(await outcomes)).toEqual(['committed', 'committed']);
    expect(pids(rig).size).toBe(2);
  });

  it('begins a task when the one before it is made, and no more than one ahead of the store', async () => {
    const rig = await openRig({ workers: 1, tasks: { 0: ['stage a'], 1: ['stage b'] } });
    const outcomes = rig.run(3);
    await Promise.all([rig.begun(0), rig.begun(1)]);
    expect(rig.attempts().map(({ index }) => index)).toEqual([0, 1]);
    await rig.openGate('b');
    await rig.begun(2);
    await rig.openGate('a');
    expect(kinds(await outcomes)).toEqual(['committed', 'committed', 'committed']);
    expect(pids(rig).size).toBe(1);
  });

  it('runs again all that a lost process had not committed', async () => {
    const tasks = { 0: ['stage never', 'commit'], 1: ['signal SIGKILL', 'commit'] };
    const rig = await openRig({ workers: 1, tasks });
    expect(kinds(await rig.run(2))).toEqual(['committed', 'committed']);
    const seen = rig.attempts().map(({ index, number }) => `attempt ${number} at task ${index}`);
    expect(seen.sort()).toEqual([
      'attempt 1 at task 0',
      'attempt 1 at task 1',
      'attempt 2 at task 0',
      'attempt 2 at task 1',
    ]);
  });

  it('starts no more processes than there are tasks, and none for none', async () => {
    const rig = await openRig({ workers: 8, tasks: { 0: ['gate a'], 1: ['gate a'] } });
    expect(await rig.run([])).toEqual([]);
    const outcomes = rig.run(2);
    await Promise.all([rig.begun(0), rig.begun(1)]);
    expect((await readdir(rig.folder.scratch)).sort()).toEqual(['worker-0', 'worker-1']);
    await rig.openGate('a');
    await outcomes;
  });

  it('keeps its processes from one step to the next', async () => {
    const rig = await openRig({ workers: 1 });
    await rig.run([0]);
    await rig.run([1]);
    expect(pids(rig).size).toBe(1);
  });

  it('gives each worker its limits, a scratch folder of its own and each attempt an id of its own', async () => {
    const rig = await openRig({ workers: 1, tasks: { 0: ['fail temporary', 'commit'] } });
    await rig.run(1);
    const [first, second] = rig.attempts();
    expect(first).toMatchObject({ limits: LIMITS, scratch: `${rig.folder.scratch}/worker-0` });
    expect([first?.attempt, second?.attempt]).toEqual([
      expect.stringMatching(UUID),
      expect.stringMatching(UUID),
    ]);
    expect(first?.attempt).not.toBe(second?.attempt);
  });

  it('takes a task whose record another attempt wrote as done', async () => {
    const rig = await openRig({ tasks: { 0: ['supersede'] } });
    expect(kinds(await rig.run(1))).toEqual(['committed']);
  });

  it('tells what happens, in order', async () => {
    const rig = await openRig({ workers: 1, tasks: { 0: ['fail temporary', 'commit'], 1: ['fail data'] } });
    await rig.run(2);
    const told = rig.events.map((event) =>
      event.kind === 'task started' ? { ...event, attempt: '' } : event,
    );
    const of = (index: number) => ({ stepId: 'stats', index, worker: 0 });
    const progress = (index: number, number: number) => ({
      kind: 'task progress',
      ...of(index),
      progress: { phase: `attempt ${number}`, rows: 0, bytes: 0, fraction: 0 },
    });
    expect(told.filter(({ index }) => index === 0)).toEqual([
      { kind: 'task started', ...of(0), attempt: '' },
      progress(0, 1),
      { kind: 'task retried', ...of(0), reason: 'a temporary error' },
      { kind: 'task started', ...of(0), attempt: '' },
      progress(0, 2),
      { kind: 'task committed', ...of(0), rows: 10, elapsedMs: 7 },
    ]);
    expect(told.filter(({ index }) => index === 1)).toEqual([
      { kind: 'task started', ...of(1), attempt: '' },
      progress(1, 1),
      { kind: 'task failed', ...of(1), message: 'in.csv:3: task 1 of step stats: a data error' },
    ]);
  });

  it('leaves no process and no scratch', async () => {
    const rig = await openRig({ workers: 2, tasks: { 0: ['gate a'], 1: ['gate a'] } });
    const outcomes = rig.run(2);
    await Promise.all([rig.begun(0), rig.begun(1)]);
    await rig.openGate('a');
    await outcomes;
    await rig.session.close();
    await rig.session.close();
    for (const pid of pids(rig)) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    expect(await readdir(rig.folder.scratch)).toEqual([]);
  });
});

describe('a task that fails', () => {
  it('for a reason that may pass is run up to three times', async () => {
    const rig = await openRig({ tasks: { 0: ['fail temporary', 'fail temporary', 'commit'] } });
    expect(kinds(await rig.run(1))).toEqual(['committed']);
    expect(rig.attempts()).toHaveLength(3);
  });

  it('for such a reason each time says how often', async () => {
    const waits: number[] = [];
    const backoffMs = (failures: number) => waits.push(failures) - waits.length;
    const rig = await openRig({ tasks: { 0: ['fail temporary'] }, engine: { backoffMs } });
    const error = failureOf(await rig.run(2));
    expect(error).toMatchObject({
      kind: 'temporary',
      message: 'task 0 of step stats: a temporary error, in 3 attempts',
    });
    expect(waits).toEqual([1, 2]);
  });

  it.each(['data', 'job', 'output'])('by %s is not run again, and others go on', async (kind) => {
    const rig = await openRig({ workers: 1, tasks: { 0: [`fail ${kind}`] } });
    const outcomes = await rig.run(3);
    expect(kinds(outcomes)).toEqual(['failed', 'committed', 'committed']);
    expect(rig.attempts()).toHaveLength(3);
    const error = failureOf(outcomes);
    expect(error).toBeInstanceOf(PitwallError);
    expect(error).toMatchObject({
      kind,
      message: `task 0 of step stats: a ${kind} error`,
      place: { file: 'in.csv', line: 3 },
    });
  });

  it('by a bug shows where', async () => {
    const rig = await openRig({ tasks: { 0: ['bug'] } });
    const error = failureOf(await rig.run(1));
    expect(error).not.toBeInstanceOf(PitwallError);
    expect(error.message).toBe('task 0 of step stats: a bug');
    expect(error.cause).toMatchObject({ stack: expect.stringContaining('fixture-worker.mjs') });
    expect(rig.attempts()).toHaveLength(1);
  });

  it('by the death of its process is run in another', async () => {
    const rig = await openRig({ workers: 1, tasks: { 0: ['signal SIGSEGV', 'exit 3', 'commit'] } });
    expect(kinds(await rig.run(2))).toEqual(['committed', 'committed']);
    expect(rig.events.flatMap((event) => (event.kind === 'task retried' ? [event.reason] : []))).toEqual([
      'killed by SIGSEGV',
      'ended by itself with exit code 3',
    ]);
    expect(pids(rig).size).toBe(3);
  });

  it.each([
    [
      'signal SIGSEGV',
      'data',
      'killed by SIGSEGV in 3 attempts; an input may be damaged in a way that the engine does not see',
    ],
    [
      'signal SIGABRT',
      'data',
      'killed by SIGABRT in 3 attempts; an input may be damaged in a way that the engine does not see',
    ],
    [
      'signal SIGKILL',
      'temporary',
      'killed by SIGKILL in 3 attempts; it was ended from outside: look for limits (ulimit, the batch system) and in the log of the system',
    ],
    ['exit 1', 'temporary', 'ended by itself with exit code 1, in 3 attempts'],
  ])('by %s each time says so', async (act, kind, message) => {
    const rig = await openRig({ tasks: { 0: [act] } });
    const error = failureOf(await rig.run(2));
    expect(error).toMatchObject({ kind, message: `task 0 of step stats: ${message}` });
  });

  it('to say a word is killed and run again', async () => {
    const engine = { silentMs: 2000, heartbeatMs: 50 };
    const rig = await openRig({ workers: 1, tasks: { 0: ['signal SIGSTOP', 'commit'] }, engine });
    expect(kinds(await rig.run(1))).toEqual(['committed']);
    expect(rig.events).toContainEqual(
      expect.objectContaining({ kind: 'task retried', reason: 'silent for 2 s' }),
    );
    const [stopped] = rig.attempts();
    await untilGone(stopped?.pid ?? 0);
  });
});

describe('a task out of memory', () => {
  const limitsOf = (rig: Rig) =>
    rig
      .attempts()
      .filter(({ index }) => index === 0)
      .map(({ limits }) => [limits.memoryBytes / 1e9, limits.threads]);

  it('is run again with double the memory and half the threads', async () => {
    const rig = await openRig({ workers: 8, tasks: { 0: ['fail memory', 'fail memory', 'commit'] } });
    expect(kinds(await rig.run(1))).toEqual(['committed']);
    expect(limitsOf(rig)).toEqual([
      [1, 4],
      [2, 2],
      [4, 1],
    ]);
  });

  it('never gets more than all workers have together, and fails with advice', async () => {
    const rig = await openRig({ workers: 3, tasks: { 0: ['fail memory'] } });
    const error = failureOf(await rig.run(4));
    expect(limitsOf(rig)).toEqual([
      [1, 4],
      [2, 2],
      [3, 1],
    ]);
    expect(error).toMatchObject({
      kind: 'memory',
      message:
        'task 0 of step stats: out of memory in 3 attempts, the last with 3.0 GB and 1 thread; give it more by --memory, run fewer --workers, or divide the work into smaller slices or partitions',
    });
  });

  it('fails at once when there is neither more memory nor a thread to do without', async () => {
    const limits = { threads: 1, memoryBytes: 1e9 };
    const rig = await openRig({ workers: 1, limits, tasks: { 0: ['fail memory'] } });
    expect(failureOf(await rig.run(2)).message).toMatch(/out of memory in 1 attempt, the last with 1.0 GB/);
  });

  it('waits with more of it until others leave it room', async () => {
    const tasks = { 0: ['fail memory', 'commit'], 1: ['gate a'] };
    const rig = await openRig({ workers: 2, tasks });
    const outcomes = rig.run([0, 1, 2, 3]);
    await Promise.all([rig.begun(1), rig.begun(2), rig.begun(3)]);
    expect(rig.attempts().filter(({ index }) => index === 0)).toHaveLength(1);
    await rig.openGate('a');
    expect(kinds(await outcomes)).toEqual(['committed', 'committed', 'committed', 'committed']);
    expect(limitsOf(rig)).toEqual([
      [1, 4],
      [2, 2],
    ]);
  });

  it('and killed for it by the system is one of those', async () => {
    let kills = 0;
    const tasks = { 0: ['signal SIGKILL', 'commit'] };
    const rig = await openRig({ workers: 2, tasks, engine: { countOomKills: () => kills } });
    kills++;
    expect(kinds(await rig.run(1))).toEqual(['committed']);
    expect(limitsOf(rig)).toEqual([
      [1, 4],
      [2, 2],
    ]);
    expect(rig.events).toContainEqual(
      expect.objectContaining({
        kind: 'task retried',
        reason: 'killed by the system, which had no memory left',
      }),
    );
  });

  it('leaves the pool as it was for the tasks after it', async () => {
    const rig = await openRig({
      workers: 2,
      tasks: { 0: ['fail memory', 'commit'], 5: ['gate a'], 6: ['gate a'] },
    });
    await rig.run([0]);
    const outcomes = rig.run([5, 6]);
    await Promise.all([rig.begun(5), rig.begun(6)]);
    await rig.openGate('a');
    await outcomes;
    expect(
      rig
        .attempts()
        .slice(-2)
        .map(({ limits }) => limits),
    ).toEqual([LIMITS, LIMITS]);
  });
});

describe('a straggler', () => {
  const stragglers = { minElapsedMs: 0, minFinished: 5 };
  const INDEXES = [0, 1, 2, 3, 4, 5];

  it('is run a second time elsewhere, and the first record wins', async () => {
    const engine = { stragglers, silentMs: 2000, heartbeatMs: 50 };
    const rig = await openRig({ workers: 2, tasks: { 0: ['gate never', 'commit'] }, engine });
    expect(kinds(await rig.run(INDEXES))).toEqual(Array(6).fill('committed'));
    const attempts = rig.attempts().filter(({ index }) => index === 0);
    expect(attempts.map(({ number }) => number)).toEqual([1, 2]);
    expect(attempts[0]?.pid).not.toBe(attempts[1]?.pid);
    expect(rig.events.filter(({ kind }) => kind === 'task retried' || kind === 'task failed')).toEqual([]);
  });

  it('whose first attempt does not end when it is told to is killed', async () => {
    const engine = { stragglers, silentMs: 2000, heartbeatMs: 50, loserGraceMs: 50 };
    const rig = await openRig({ workers: 2, tasks: { 0: ['deaf', 'commit'] }, engine });
    expect(kinds(await rig.run(INDEXES))).toEqual(Array(6).fill('committed'));
    await untilGone(rig.attempts().find(({ index }) => index === 0)?.pid ?? 0);
    expect(kinds(await rig.run([7, 8]))).toEqual(['committed', 'committed']);
  });
});

describe('workers that cannot begin', () => {
  it('are started again when the reason may pass', async () => {
    const rig = await openRig({ workers: 1, open: ['fail temporary', 'signal SIGKILL'] });
    expect(kinds(await rig.run(2))).toEqual(['committed', 'committed']);
  });

  it('stop all tasks with what is wrong', async () => {
    const rig = await openRig({ workers: 1, open: ['fail data'] });
    await expect(rig.run(20)).rejects.toMatchObject({
      kind: 'data',
      message: 'a data error',
      place: { file: 'in.csv', line: 3 },
    });
    expect(rig.attempts()).toEqual([]);
  });

  it('stop all tasks when their module is not there', async () => {
    const rig = await openRig({ engine: { entry: new URL('./no-such-worker.mjs', import.meta.url) } });
    await expect(rig.run(1)).rejects.toMatchObject({
      kind: 'temporary',
      message: 'a worker could not begin: ended by itself with exit code 1, in 3 attempts',
      cause: { cause: { message: expect.stringContaining('no-such-worker.mjs') } },
    });
  });
});

describe('an interruption', () => {
  const reason = new PitwallError('interrupted', 'interrupted by SIGTERM');

  it('calls off what runs, starts nothing more, and rejects with its reason', async () => {
    const aborting = new AbortController();
    const tasks = { 0: ['gate never'], 1: ['gate never'] };
    const rig = await openRig({ workers: 2, tasks, signal: aborting.signal });
    const outcomes = rig.run(10);
    await Promise.all([rig.begun(0), rig.begun(1)]);
    aborting.abort(reason);
    await expect(outcomes).rejects.toBe(reason);
    expect(rig.attempts()).toHaveLength(2);
    await expect(rig.run(1)).rejects.toBe(reason);
  });

  it('kills what does not end', async () => {
    const aborting = new AbortController();
    const engine = { stopGraceMs: 50 };
    const rig = await openRig({ workers: 1, tasks: { 0: ['deaf'] }, signal: aborting.signal, engine });
    const outcomes = rig.run(1);
    await rig.begun(0);
    aborting.abort(reason);
    await expect(outcomes).rejects.toBe(reason);
    await untilGone(rig.attempts()[0]?.pid ?? 0);
  });

  it('is the business of the parent: workers go on when they get its signals', async () => {
    const rig = await openRig({ workers: 1, tasks: { 0: ['gate a'] } });
    const outcomes = rig.run(1);
    await rig.begun(0);
    const [{ pid } = { pid: 0 }] = rig.attempts();
    process.kill(pid, 'SIGINT');
    process.kill(pid, 'SIGTERM');
    await rig.openGate('a');
    expect(kinds(await outcomes)).toEqual(['committed']);
    expect(rig.attempts()).toHaveLength(1);
  });

  it('of tasks by closing the engine ends them', async () => {
    const rig = await openRig({ workers: 1, tasks: { 0: ['gate never'] } });
    const outcomes = rig.run(2);
    await rig.begun(0);
    await Promise.all([
      expect(outcomes).rejects.toMatchObject({ message: 'the engine was closed while tasks ran' }),
      rig.session.close(),
    ]);
  });
});
