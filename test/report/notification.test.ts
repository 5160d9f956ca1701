import { describe, expect, it } from 'vitest';
import { composeNotification, toSubject } from '../../src/report/notification.ts';
import { createRedactor } from '../../src/report/redact.ts';
import { someEnd } from './some-end.ts';

const COMMANDS = { resume: 'pitwall resume /o/r1', again: 'cd /w && pitwall run sales' };
const plain = (text: string) => text;
const CANARY = 'kanarienvogel-im-bergwerk';

describe('a notification', () => {
  it('of a failure says what failed, the first error, counts, the folder and what to do', () => {
    const { subject, text, document, isCut } = composeNotification(someEnd(), COMMANDS, plain);
    expect(subject).toBe('pitwall: job sales failed');
    expect(text).toBe(
      [
        'job sales failed',
        '',
        'stats 2: no space left',
        '',
        'run: r1, 1.5 s',
        'tasks: 4 known, 2 done, 1 failed, 1 not run',
        '  failed: stats 2: no space left',
        'rows: 12, outputs published: 0',
        'folder: /o/_pitwall/sales/runs/r1',
        'resume: pitwall resume /o/r1',
        'after the job or its inputs have changed: cd /w && pitwall run sales',
      ].join('\n'),
    );
    expect(document).toMatchObject({
      text,
      job: 'sales',
      run: 'r1',
      status: 'failed',
      resume: COMMANDS.resume,
    });
    expect(isCut).toBe(false);
  });

  it('of a run that left nothing says how to run it again', () => {
    const end = someEnd({
      runId: undefined,
      folder: undefined,
      failures: [],
      tasks: { total: 0, done: 0, failed: 0 },
    });
    const { text, document } = composeNotification(end, { ...COMMANDS, resume: undefined }, plain);
    expect(text).toContain('run: none was begun');
    expect(text).toContain('run again: cd /w && pitwall run sales');
    expect(text).not.toContain('resume');
    expect(document).toMatchObject({ run: null, resume: null, folder: null });
  });

  it('of a success has nothing to do, and tells the warnings', () => {
    const check = { name: 'late', severity: 'warn' as const, violations: 2, examples: ['{"id":1}'] };
    const end = someEnd({
      status: 'succeeded',
      error: undefined,
      failures: [],
      outputs: 3,
      warnings: [check],
    });
    const { subject, text, document } = composeNotification(end, COMMANDS, plain);
    expect(subject).toBe('pitwall: job sales succeeded');
    expect(text).toContain('warning: check late: 2 rows break it, such as {"id":1}');
    expect(text).not.toContain('pitwall resume');
    expect(document).toMatchObject({ resume: null, warnings: ['late: 2 rows break it, such as {"id":1}'] });
  });

  it('of an error of 300 KB is cut, says so, and stays below 256 KB in UTF-8, as text and as JSON', () => {
    const long = 'é"\u0001'.repeat(100_000);
    const failures = Array.from({ length: 10 }, (_, index) => ({ task: `stats ${index}`, message: long }));
    const check = { name: long, severity: 'warn' as const, violations: 2, examples: [long, long, long] };
    const end = someEnd({
      error: long,
      failures,
      warnings: Array.from({ length: 99 }, () => check),
      folder: `/${long}`,
    });
    const notification = composeNotification(end, { resume: long, again: long }, plain);
    expect(notification.isCut).toBe(true);
    expect(Buffer.byteLength(notification.text)).toBeLessThan(250_000);
    expect(Buffer.byteLength(JSON.stringify(notification.document))).toBeLessThan(262_144);
    expect(notification.text).toContain(' … [cut, 400000 bytes in all]');
  });

  it('has no secret in any of its texts', () => {
    const redact = createRedactor({ A_SECRET: CANARY });
    const text = `a ${CANARY} b`;
    const end = someEnd({
      error: text,
      failures: [{ task: 'stats 2', message: text }],
      warnings: [{ name: text, severity: 'warn', violations: 1, examples: [text] }],
      folder: `/o/${CANARY}`,
    });
    const notification = composeNotification(end, { resume: text, again: text }, redact);
    expect(JSON.stringify(notification)).not.toContain(CANARY);
    expect(notification.document.error).toBe('a *** b');
  });
});

it.each([
  ['pitwall: job Straße\nfailed', 'pitwall: job Stra?e?failed'],
  [`${'x'.repeat(120)}`, `${'x'.repeat(97)}...`],
])('the subject %j is %s', (text, subject) => {
  expect(toSubject(text)).toBe(subject);
});
