import { describe, expect, test } from 'vitest';
import { diagnose, GOOD_SQL, GOOD_YAML, readGoodJob } from './job-folder.ts';

const TOPIC = 'arn:aws:sns:eu-west-1:123456789012:pitwall';

/** The good job with what it says of notifications in its 13th line and below. */
function withNotify(notify: string): Record<string, string> {
  return { 'job.yaml': `${GOOD_YAML}${notify}\n`, 'sales.sql': GOOD_SQL };
}

describe('notify', () => {
  test('is one entry or a list, of failures where it does not say', async () => {
    const one = await readGoodJob(withNotify(`notify: { sns: "${TOPIC}" }`));
    expect(one.job.notify).toEqual([{ on: ['failure'], target: { kind: 'sns', topic: TOPIC } }]);
    const list = await readGoodJob(
      withNotify(`notify:
  - { on: [failure, check_warning], sns: "${TOPIC}.fifo", webhook_env: HOOK }
  - { on: [success], webhook: "https://example.org/\${out}" }`),
    );
    const on = ['failure', 'check_warning'];
    expect(list.job.notify).toEqual([
      { on, target: { kind: 'sns', topic: `${TOPIC}.fifo` } },
      { on, target: { kind: 'webhook_env', variable: 'HOOK' } },
      { on: ['success'], target: { kind: 'webhook', url: 'https://example.org/results' } },
    ]);
  });

  test('is nobody where it is not said', async () => {
    expect((await readGoodJob(withNotify(''))).job.notify).toEqual([]);
  });

  const arn = 'expected the ARN of an SNS topic, like arn:aws:sns:eu-west-1:123456789012:pitwall, got';
  test.each([
    ['notify: { sns: pitwall }', `job.yaml:13:16: error: ${arn} "pitwall"`],
    [
      'notify: { sns: "arn:aws:sqs:eu-west-1:123456789012:q" }',
      `job.yaml:13:16: error: ${arn} "arn:aws:sqs:eu-west-1:123456789012:q"`,
    ],
    [
      'notify: { webhook: "ftp://example.org/secret" }',
      'job.yaml:13:20: error: expected a URL that begins with https:// or http://, got "ftp://exampl…"',
    ],
    [
      'notify: [{ webhook: "https://user:word@example.org/" }]',
      'job.yaml:13:21: error: expected a URL without a user name and password, which are not sent; put a token into its path or query',
    ],
    [
      'notify: [{ webhook: "https://" }]',
      'job.yaml:13:21: error: expected a URL that begins with https:// or http:// and has a host, got one that cannot be read',
    ],
    [
      'notify: { on: [failure] }',
      'job.yaml:13:9: error: nobody is told: add "sns", "webhook" or "webhook_env" beside "on"',
    ],
    [
      'notify: { on: [failures], webhook_env: HOOK }',
      'job.yaml:13:16: error: notify.on[1]: "failures" is not allowed; did you mean "failure"? Allowed: failure, success, check_warning',
    ],
    [
      'notify: { webhook_env: "$HOOK" }',
      'job.yaml:13:24: error: notify.webhook_env: expected the name of an environment variable, got the text "$HOOK"',
    ],
    [
      'notify: { webhook: "https://${host}/" }',
      'job.yaml:13:29: error: unknown param "host" in the path; expected out or from',
    ],
    [
      'notify: { slack: x, webhook_env: HOOK }',
      'job.yaml:13:11: error: unknown key "slack" in notify; expected on, sns, webhook or webhook_env',
    ],
  ])('%s is refused', async (notify, message) => {
    expect(await diagnose(withNotify(notify))).toEqual([message]);
  });
});
