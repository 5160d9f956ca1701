import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const REPORT = fileURLToPath(new URL('../../src/report', import.meta.url));
/** An import of values at the top of a module: it is loaded with it. */
const AT_ONCE = /^(?:import|export) (?!type\b)[^;]*?from '(?:pino|@aws-sdk\/[^']+)'/m;

it('pino and the clients of AWS are loaded when a log or a notification asks for them, not with every run', () => {
  const files = readdirSync(REPORT).filter((name) => name.endsWith('.ts'));
  const texts = files.map((name) => [name, readFileSync(`${REPORT}/${name}`, 'utf8')] as const);
  expect(texts.filter(([, text]) => AT_ONCE.test(text)).map(([name]) => name)).toEqual([]);
  const lazy = texts
    .filter(([, text]) => /await import\('(?:pino|@aws-sdk)/.test(text))
    .map(([name]) => name);
  expect(lazy.sort()).toEqual(['cloudwatch-sender.ts', 'run-log.ts', 'send-notification.ts']);
});
