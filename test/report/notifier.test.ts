import { describe, expect, it, onTestFinished } from 'vitest';
import { PitwallError } from '../../src/error.ts';
import type { Notice, NotifyTarget } from '../../src/job/job.ts';
import type { RunEvent } from '../../src/report/event.ts';
import { openNotifier } from '../../src/report/notifier.ts';
import { localStorage } from '../../src/storage/local.ts';
import { httpServer } from './http-server.ts';

const ASKED = { ref: 'sales', cwd: '/w', set: {}, only: {} };

/** A run that fails; gives what its caller is warned of. */
async function failWith(error: unknown, notify: readonly Notice[], timeoutMs = 5000): Promise<string[]> {
  const warnings: string[] = [];
  const onEvent = (event: RunEvent) => void (event.kind === 'warning' && warnings.push(event.message));
  const job = { name: 'sales', notify };
  const options = { job, storage: localStorage(), store: '/no/store', asked: ASKED, onEvent, timeoutMs };
  const notifier = openNotifier(options);
  notifier.event({ kind: 'started', runId: 'r1', job: 'sales' });
  await notifier.failed(error);
  return warnings;
}

const BROKEN = new PitwallError('data', 'the third line is wrong', { place: { file: 'a.csv', line: 3 } });
const onFailure = (target: NotifyTarget): Notice => ({ on: ['failure'], target });
const webhook = (url: string) => onFailure({ kind: 'webhook', url });

describe('a webhook', () => {
  it('is sent one JSON document of the failure', async () => {
    const { url, received } = await httpServer((response) => response.end());
    expect(await failWith(BROKEN, [webhook(url)])).toEqual([]);
    expect(received).toHaveLength(1);
    expect(received[0]?.type).toBe('application/json');
    expect(JSON.parse(received[0]?.body ?? '')).toMatchObject({
      ...{
        job: 'sales',
        run: 'r1',
        status: 'failed',
        error: 'a.csv:3: the third line is wrong',
        resume: null,
      },
      run_again: 'cd /w && pitwall run sales',
    });
  });

  it('is told of no folder that the run has not left', async () => {
    const { url, received } = await httpServer((response) => response.end());
    const job = { name: 'sales', notify: [webhook(url)] };
    const storage = localStorage();
    const notifier = openNotifier({
      job,
      storage,
      store: '/no/store',
      asked: ASKED,
      onEvent: () => undefined,
    });
    const planned = { inputBytes: 1, inputFiles: 1, steps: [], folder: '/no/store/runs/r1' };
    notifier.event({ kind: 'planned', runId: 'r1', ...planned });
    await notifier.failed(BROKEN);
    expect(JSON.parse(received[0]?.body ?? '')).toMatchObject({ run: 'r1', folder: null, resume: null });
  });

  it('may lie in an environment variable', async () => {
    const { url, received } = await httpServer((response) => response.end());
    process.env.PITWALL_TEST_HOOK = url;
    onTestFinished(() => void delete process.env.PITWALL_TEST_HOOK);
    const notices = ['PITWALL_TEST_HOOK', 'PITWALL_TEST_NO_HOOK'].map((variable) =>
      onFailure({ kind: 'webhook_env', variable }),
    );
    expect(await failWith(BROKEN, notices)).toEqual([
      'the notification to the webhook of PITWALL_TEST_NO_HOOK could not be sent: the environment variable PITWALL_TEST_NO_HOOK holds no URL',
    ]);
    expect(received).toHaveLength(1);
  });

  it('that fails once is sent it again', async () => {
    const { url, received } = await httpServer((response, count) => {
      response.statusCode = count === 1 ? 503 : 200;
      response.end();
    });
    expect(await failWith(BROKEN, [webhook(url)])).toEqual([]);
    expect(received).toHaveLength(2);
  });

  it.each([
    [404, 1, 'it answered 404'],
    [302, 1, 'it answered 302'],
    [500, 2, 'it answered 500'],
  ])('that answers %i is a warning without its path', async (status, requests, problem) => {
    const { url, received } = await httpServer((response) => {
      response.writeHead(status, { location: url }).end();
    });
    const message = `the notification to the webhook at ${new URL(url).host} could not be sent: ${problem}`;
    expect(await failWith(BROKEN, [webhook(url)])).toEqual([message]);
    expect(received).toHaveLength(requests);
  });

  it('that never answers is given up, and the others are told all the same', async () => {
    const silent = await httpServer(() => undefined);
    const other = await httpServer((response) => response.end());
    expect(await failWith(BROKEN, [webhook(silent.url), webhook(other.url)], 2000)).toEqual([
      `the notification to the webhook at ${new URL(silent.url).host} could not be sent: there was no answer within 2 s`,
    ]);
    expect(other.received).toHaveLength(1);
  });

  it('that is not there is a warning', async () => {
    expect(await failWith(BROKEN, [webhook('http://127.0.0.1:9/')])).toEqual([
      expect.stringMatching(/^the notification to the webhook at 127\.0\.0\.1:9 could not be sent: /),
    ]);
  });

  it('is sent the beginning of an error of 300 KB, with a warning', async () => {
    const { url, received } = await httpServer((response) => response.end());
    const error = new PitwallError('data', 'x'.repeat(300_000));
    expect(await failWith(error, [webhook(url)])).toEqual([
      'the error is too long for a notification, which has only its beginning',
    ]);
    expect(received[0]?.body.length).toBeLessThan(262_144);
  });

  it.each([
    ['a mistake in the command line', new PitwallError('usage', 'no such job')],
    ['a run that another one keeps from beginning', new PitwallError('temporary', 'another run is at work')],
  ])('is told nothing of %s', async (_, error) => {
    const { url, received } = await httpServer((response) => response.end());
    expect(await failWith(error, [webhook(url)])).toEqual([]);
    expect(received).toEqual([]);
  });

  it('is told nothing that it did not ask for', async () => {
    const { url, received } = await httpServer((response) => response.end());
    await failWith(BROKEN, [{ on: ['success', 'check_warning'], target: { kind: 'webhook', url } }]);
    expect(received).toEqual([]);
  });
});
