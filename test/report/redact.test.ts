import { describe, expect, it } from 'vitest';
import { createRedactor, redactedJson } from '../../src/report/redact.ts';

const CANARY = 'kanarienvogel/+1';

describe('a redactor', () => {
  it.each([
    'AWS_SECRET_ACCESS_KEY',
    'AWS_ACCESS_KEY_ID',
    'AWS_SESSION_TOKEN',
    'GITHUB_TOKEN',
    'PGPASSWORD_PASSWORD',
    'DB_PASSWD',
    'DB_PWD',
    'api_key',
    'STRIPE-API-KEY',
    'STORAGE_ACCOUNT_KEY',
    'KEY_PASSPHRASE',
    'GOOGLE_APPLICATION_CREDENTIALS_JSON',
    'NPM_AUTH',
    'SENTRY_DSN',
  ])('hides the value of %s, as it is and as URLs write it', (name) => {
    const redact = createRedactor({ [name]: CANARY });
    expect(redact(`got ${CANARY} and x?a=${encodeURIComponent(CANARY)}.`)).toBe('got *** and x?a=***.');
  });

  it.each(['PWD', 'OLDPWD', 'SSH_AUTH_SOCK', 'TOKEN_FILE', 'HOME', 'KEYBOARD', 'AUTHOR', 'PASSENGERS'])(
    'shows the value of %s',
    (name) => {
      expect(createRedactor({ [name]: '/home/me/data' })('cannot read /home/me/data/a.csv')).toBe(
        'cannot read /home/me/data/a.csv',
      );
    },
  );

  it('leaves words alone that a short secret may be', () => {
    expect(createRedactor({ TOKEN: 'test', SECRET: '' })('a test of races')).toBe('a test of races');
  });

  it('hides the longer of two secrets that begin alike, and every line of one of several', () => {
    const redact = createRedactor({
      A_TOKEN: 'abcdef',
      B_TOKEN: 'abcdefghi',
      PRIVATE_KEY: 'line one\nline two',
    });
    expect(redact('abcdefghi abcdef, line two')).toBe('*** ***, ***');
  });

  it.each([
    ['s3://id:secret@bucket/a.csv', 's3://***@bucket/a.csv'],
    ['s3://id:sec/ret@bucket/a.csv', 's3://***@bucket/a.csv'],
    ['https://token@host/x?y=1', 'https://***@host/x?y=1'],
    ['s3://bucket/year=2024/a@b.csv', 's3://bucket/year=2024/a@b.csv'],
    [
      'https://b.example/k?X-Amz-Credential=AK%2F1&X-Amz-Date=2&X-Amz-Signature=ab12',
      'https://b.example/k?X-Amz-Credential=***&X-Amz-Date=2&X-Amz-Signature=***',
    ],
    ['https://x.example/a?sv=1&sig=a%3D&b=2', 'https://x.example/a?sv=1&sig=***&b=2'],
    ['https://x.example/a?token=1#top', 'https://x.example/a?token=***#top'],
    ['Authorization: Bearer abc.def-123', 'Authorization: Bearer ***'],
    [
      "LINE 1: CREATE SECRET (TYPE s3, KEY_ID 'AK', SECRET 'a''b' BROKEN",
      "LINE 1: CREATE SECRET (TYPE s3, KEY_ID '***', SECRET '***' BROKEN",
    ],
    ["password = 'abc'", "password = '***'"],
    ['12 rows of 4 tasks, 3.5 MB/s', '12 rows of 4 tasks, 3.5 MB/s'],
  ])('makes of %s %s', (text, shown) => {
    expect(createRedactor({})(text)).toBe(shown);
  });

  it('goes through the texts of a document, and hides those whose keys tell', () => {
    const document = { args: { set: { password: 'x', source: CANARY } }, n: 1, list: [`a ${CANARY}`, null] };
    expect(JSON.parse(redactedJson(document, createRedactor({ A_SECRET: CANARY })))).toEqual({
      args: { set: { password: '***', source: '***' } },
      n: 1,
      list: ['a ***', null],
    });
  });

  it('is given the environment of the process when no other is', () => {
    expect(createRedactor()('plain')).toBe('plain');
  });
});
