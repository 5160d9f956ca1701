import { describe, expect, it } from 'vitest';
import { listSubmissions } from '../../src/engine/submissions.ts';
import { localStorage } from '../../src/storage/local.ts';
import { type ClusterRigOptions, openClusterRig } from './cluster-rig.ts';
import { someStepPlan } from './some-step-plan.ts';
import { LIMITS, scriptedFolder } from './worker-rig.ts';

/** Runs the tasks 0 … count − 1; gives how each ended, the retries, and the rig. */
async function run(count: number, options: ClusterRigOptions) {
  const rig = await openClusterRig(options);
  const indexes = Array.from({ length: count }, (_, index) => index);
  const outcomes = (await rig.session.runTasks(someStepPlan(), indexes)).toSorted(
    (a, b) => a.index - b.index,
  );
  const ends = outcomes.map((outcome) => (outcome.kind === 'failed' ? String(outcome.error) : outcome.kind));
  const retries = rig.events.flatMap((event) => (event.kind === 'task retried' ? [event.reason] : []));
  const noted = await listSubmissions(localStorage(), rig.folder);
  return { ...rig, ends, retries, noted };
}

describe('tasks on a cluster', () => {
  it('are handed over together, and are done when their records are there', async () => {
    const { ends, submissions, events, canceled, noted } = await run(3, {});
    expect(ends).toEqual(['committed', 'committed', 'committed']);
    expect(submissions.map(({ stepId, indexes, limits }) => ({ stepId, indexes, limits }))).toEqual([
      { stepId: 'stats', indexes: [0, 1, 2], limits: undefined },
    ]);
    expect(events.map(({ kind }) => kind)).toEqual(['task committed', 'task committed', 'task committed']);
    expect({ canceled, noted }).toEqual({ canceled: [], noted: [] });
  });

  it('are called off where the cluster runs one that is done once more by itself', async () => {
    const { ends, submissions, canceled, noted } = await run(2, { isAtWorkAgain: true });
    expect(ends).toEqual(['committed', 'committed']);
    expect(canceled).toEqual(submissions.map(({ id }) => id));
    expect(noted).toEqual([]);
  });

  it('are called off when they were taken, and nobody heard of it', async () => {
    const rig = await openClusterRig({ tasks: { 0: ['drop'] } });
    await expect(rig.session.runTasks(someStepPlan(), [0])).rejects.toThrow('dropped');
    expect(rig.submissions).toHaveLength(1);
    expect(rig.canceled).toEqual(rig.submissions.map(({ id }) => id));
    expect(await listSubmissions(localStorage(), rig.folder)).toEqual([]);
  });

  it('say what their records say', async () => {
    const { events } = await run(1, {});
    expect(events).toEqual([
      {
        ...{ kind: 'task committed', stepId: 'stats', index: 0, worker: 0, attempt: expect.any(String) },
        ...{ rows: 10, elapsedMs: 7, spillBytes: 9 },
      },
    ]);
  });

  it.each([
    ['the user asked for', { asked: { memoryBytes: 16e9, threads: 8 } }],
    ['the cluster gives them', { defaults: { memoryBytes: 16e9, threads: 8 } }],
  ])('are given more memory than %s, whatever this machine has', async (_, given) => {
    const tasks = { 0: ['say memory', 'commit'] };
    const { submissions } = await run(1, { tasks, mostMemoryBytes: 64e9, ...given });
    expect(submissions.map(({ limits }) => limits)).toEqual([undefined, { threads: 4, memoryBytes: 32e9 }]);
  });

  it('are handed over as the cluster has room for them', async () => {
    const { ends, submissions } = await run(5, { mostTasks: 2 });
    expect(ends).toHaveLength(5);
    expect(submissions.map(({ indexes }) => indexes)).toEqual([[0, 1], [2, 3], [4]]);
  });

  it('are run again when they say that it may pass, up to three attempts', async () => {
    const { ends, retries } = await run(2, {
      tasks: { 0: ['fail temporary', 'commit'], 1: ['fail temporary'] },
    });
    expect(ends).toEqual(['committed', 'task 1 of step stats: attempt 3 of task 1, in 3 attempts']);
    expect(retries.toSorted()).toEqual(['attempt 1 of task 0', 'attempt 1 of task 1', 'attempt 2 of task 1']);
  });

  it('fail at once for what is wrong with the data, and the others go on', async () => {
    const { ends, retries, canceled, noted } = await run(3, { tasks: { 1: ['fail data'] } });
    expect(ends).toEqual(['committed', 'task 1 of step stats: attempt 1 of task 1', 'committed']);
    expect({ retries, canceled: canceled.length, noted }).toEqual({ retries: [], canceled: 1, noted: [] });
  });

  it('are run again with more memory and fewer threads when they had too little', async () => {
    const { ends, submissions } = await run(1, { tasks: { 0: ['fail memory', 'say memory', 'commit'] } });
    expect(ends).toEqual(['committed']);
    expect(submissions.map(({ limits }) => limits)).toEqual([
      undefined,
      { threads: 2, memoryBytes: LIMITS.memoryBytes * 2 },
      { threads: 1, memoryBytes: LIMITS.memoryBytes * 4 },
    ]);
  });

  it('keep their own error where the cluster has no machine with more memory', async () => {
    const { ends } = await run(2, { tasks: { 0: ['fail memory', 'refuse'] } });
    expect(ends[0]).toMatch(/^task 0 of step stats: out of memory in 1 attempt, the last with /);
    expect(ends[1]).toBe('committed');
  });

  it('stop when the cluster refuses them at once', async () => {
    await expect(run(1, { tasks: { 0: ['refuse'] } })).rejects.toThrow('refused');
  });

  it('are run again when the cluster alone tells of their end', async () => {
    const { ends, retries } = await run(2, {
      tasks: { 0: ['say temporary', 'commit'], 1: ['vanish', 'commit'] },
    });
    expect(ends).toEqual(['committed', 'committed']);
    expect(retries.toSorted()).toEqual([
      'attempt 1 of task 0',
      'lost by acting: it knows no more of it, and there is no record',
    ]);
  });

  it('are lost when they ended well and no record shows up', async () => {
    const { retries } = await run(1, { tasks: { 0: ['end', 'commit'] } });
    expect(retries).toEqual(['lost by acting: its process ended well, and there is no record']);
  });

  it('are not run again when someone called them off', async () => {
    const { ends, retries } = await run(1, { tasks: { 0: ['final'] } });
    expect(ends).toEqual(['task 0 of step stats: attempt 1 of task 0, in 1 attempt']);
    expect(retries).toEqual([]);
  });

  it('are told once that they run', async () => {
    const controller = new AbortController();
    const rig = await openClusterRig({ tasks: { 0: ['run'] }, signal: controller.signal });
    const running = rig.session.runTasks(someStepPlan(), [0, 1]);
    const isSeen = () => rig.events.some(({ kind }) => kind === 'task started');
    await expect.poll(isSeen, { interval: 1 }).toBe(true);
    controller.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
    expect(rig.events.filter(({ kind }) => kind === 'task started')).toHaveLength(1);
  });
});

describe('a cluster that does not answer', () => {
  it('does no harm while records come', async () => {
    expect((await run(2, { isSilent: true })).ends).toEqual(['committed', 'committed']);
  });

  it('ends the run for now when nothing comes of its tasks either', async () => {
    const message =
      'acting has not answered for 0 s and nothing came of its tasks; go on later with pitwall resume';
    await expect(run(1, { isSilent: true, tasks: { 0: ['run'] } })).rejects.toThrow(message);
  });
});

describe('an interruption', () => {
  async function interrupted(options: ClusterRigOptions) {
    const controller = new AbortController();
    const onSubmit = () => controller.abort(new Error('interrupted'));
    const rig = await openClusterRig({
      tasks: { 0: ['run'] },
      ...options,
      onSubmit,
      signal: controller.signal,
    });
    await expect(rig.session.runTasks(someStepPlan(), [0])).rejects.toThrow('interrupted');
    return rig;
  }

  it('calls the tasks off, and nothing is left of them', async () => {
    const { canceled, submissions, folder } = await interrupted({});
    expect(canceled).toEqual(submissions.map(({ id }) => id));
    expect(await listSubmissions(localStorage(), folder)).toEqual([]);
  });

  it('leaves a note of tasks that do not end, which the next driver calls off', async () => {
    const { submissions, folder } = await interrupted({ isDeaf: true });
    const ids = submissions.map(({ id }) => id);
    expect(await listSubmissions(localStorage(), folder)).toEqual(ids);
    const next = await openClusterRig({ folder });
    expect(next.canceled).toEqual(ids);
    expect(await listSubmissions(localStorage(), folder)).toEqual([]);
  });

  it('leaves the notes of another engine alone', async () => {
    const folder = await scriptedFolder({});
    await localStorage().writeAtomic(
      folder.submission('other'),
      Buffer.from('{"version":1,"engine":"other"}'),
    );
    expect((await openClusterRig({ folder })).canceled).toEqual([]);
    expect(await listSubmissions(localStorage(), folder)).toEqual(['other']);
  });
});
