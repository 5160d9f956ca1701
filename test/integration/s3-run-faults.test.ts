import { describe, expect, test } from 'vitest';
import { pitwall, pitwallOk } from '../e2e/pitwall.ts';
import { readPublishedObjects } from '../e2e/s3-place.ts';
import { DIVIDED, expectPublished, expectTidy, s3ToS3, withProxy } from '../e2e/s3-races.ts';
import { describeS3 } from '../s3/describe-s3.ts';
import { type Fault, type FaultRule, on } from '../s3/fault.ts';

/** What a run asks the store for, in the order in which it comes to it. */
const PHASES = {
  list: ['GET', /list-type=2.*%2Fin/],
  read: ['GET', /\/in\/.*\.csv\?/],
  attempt: ['PUT', /\/attempts\//],
  commit: ['PUT', /\/records\//],
  publish: ['PUT', /\/out\/stats_/],
  manifest: ['PUT', /\/manifest\//],
} as const satisfies Record<string, readonly [string, RegExp]>;

type Phase = keyof typeof PHASES;

const ALL = Object.keys(PHASES).filter((name): name is Phase => name in PHASES);
const BEFORE_PUBLISHING: readonly Phase[] = ['list', 'read', 'attempt', 'commit'];

const SHAPES = { fused: ['--fuse-below', '1GB'], divided: DIVIDED };

/** How often a fault strikes each phase before it passes. */
const TIMES = 2;

function strike(phase: Phase, fault: Fault, times?: number): FaultRule {
  const [method, pattern] = PHASES[phase];
  return on(method, pattern, fault, times === undefined ? {} : { times });
}

/** Of every phase. */
const FAULTS: Readonly<Record<string, Fault>> = {
  'a reset before it was applied': { kind: 'reset before' },
  'a reset after it was applied': { kind: 'reset after' },
  '503 SlowDown': { kind: 'answer', status: 503, code: 'SlowDown' },
  '500 after it was applied': { kind: 'answer after', status: 500, code: 'InternalError' },
  '429 TooManyRequests': { kind: 'answer', status: 429, code: 'TooManyRequests' },
  '409 ConditionalRequestConflict': { kind: 'answer', status: 409, code: 'ConditionalRequestConflict' },
  'an Error with status 200': { kind: 'body', text: '<Error><Code>InternalError</Code></Error>' },
  'HTML with status 200': { kind: 'body', text: '<html>please log in</html>', type: 'text/html' },
};

/** Of the bodies of replies. */
const BODY_FAULTS: Readonly<Record<string, Fault>> = {
  'a reset in the midst of the body': { kind: 'break', afterBytes: 40 },
  'a short body without a length': { kind: 'cut', afterBytes: 40 },
  'a flipped bit': { kind: 'flip', atByte: 9 },
};

const DEADLINE = 120_000;

describeS3('a run', (server) => {
  /** Each phase meets the fault, all of them are got over, and nothing but the outputs tells of it. */
  function survive(shape: readonly string[], rules: readonly FaultRule[]): Promise<void> {
    return withProxy(server, async (proxy, place) => {
      proxy.rules = [...rules];
      await pitwallOk(['run', 'race_stats', ...s3ToS3(place), ...shape, '--quiet'], place);
      expect(proxy.counts.faults).toBe(rules.reduce((sum, { times = 0 }) => sum + times, 0));
      await expectPublished(place);
      await expectTidy(server, place);
    });
  }

  describe.each(Object.entries(SHAPES))('that is %s', (_, shape) => {
    test.each(Object.entries(FAULTS))(
      'gets over %s at listing, reading, attempt, commit, publish and manifest',
      (__, fault) =>
        survive(
          shape,
          ALL.map((phase) => strike(phase, fault, TIMES)),
        ),
      DEADLINE,
    );

    test.each(Object.entries(BODY_FAULTS))(
      'gets over %s at reading',
      (__, fault) => survive(shape, [strike('read', fault, TIMES)]),
      DEADLINE,
    );
  });

  // Side by side: they wait for the server as long as a request may make no progress.
  test('gets over a reply that never comes, at each phase, and a body that stalls', async () => {
    const silent = ALL.map((phase) => strike(phase, { kind: 'silence' }, 1));
    const stalled = strike('read', { kind: 'stall', afterBytes: 40 }, 1);
    const rules = [...silent, stalled];
    await Promise.all(rules.map((rule) => survive(SHAPES.fused, [rule])));
  }, 240_000);

  test.each([
    ['credentials that have expired', 'ExpiredToken', 'renew them, then run it again'],
    ['a clock that is wrong', 'RequestTimeTooSkewed', "this machine's clock is wrong"],
  ])(
    'ends with 75 for %s at any phase, and goes on later',
    (_, code, advice) =>
      withProxy(server, async (proxy, place) => {
        const args = ['run', 'race_stats', ...s3ToS3(place), '--quiet'];
        for (const phase of ALL) {
          proxy.rules = [strike(phase, { kind: 'answer', status: 403, code })];
          const outcome = await pitwall(args, place);
          expect(outcome, phase).toMatchObject({ code: 75, stderr: expect.stringContaining(code) });
          expect(outcome.stderr, phase).toContain(advice);
          if (BEFORE_PUBLISHING.includes(phase))
            expect(await readPublishedObjects(place.storage, `${place.root}/out`), phase).toEqual({});
          await expectTidy(server, place);
        }
        proxy.rules = [];
        await pitwallOk(args, place);
        await expectPublished(place);
        await expectTidy(server, place);
      }),
    DEADLINE,
  );

  test(
    'ends with an error for a right that it lacks at any phase, and leaves nothing behind',
    () =>
      withProxy(server, async (proxy, place) => {
        const args = ['run', 'race_stats', ...s3ToS3(place), ...DIVIDED, '--quiet'];
        for (const phase of ALL) {
          proxy.rules = [strike(phase, { kind: 'answer', status: 403, code: 'AccessDenied' })];
          const outcome = await pitwall(args, place);
          expect(outcome, phase).toMatchObject({ code: 1, stderr: expect.stringContaining('AccessDenied') });
          await expectTidy(server, place);
        }
        proxy.rules = [];
        await pitwallOk(args, place);
        await expectPublished(place);
      }),
    DEADLINE,
  );
});
