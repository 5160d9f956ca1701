import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FULL } from './synth.ts';

const DEPLOY = fileURLToPath(new URL('..', import.meta.url));
const CFN_LINT = fileURLToPath(
  new URL('../../node_modules/.cache/pitwall-tools/bin/cfn-lint', import.meta.url),
);

describe.each([
  ['as it comes', {}],
  ['with everything that can be asked for', FULL],
])('cdk synth %s', (_, settings) => {
  const output = mkdtempSync(join(tmpdir(), 'pitwall-cdk-'));

  beforeAll(() => {
    execFileSync('npx', ['cdk', 'synth', '--quiet', '--strict', '--output', output, ...asContext(settings)], {
      cwd: DEPLOY,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: process.env.PATH, HOME: output, CDK_DISABLE_CLI_TELEMETRY: 'true' },
    });
  });

  afterAll(() => rmSync(output, { recursive: true }));

  test('needs no account and no network, and gives a template for each stack', () => {
    expect(templates(output)).toEqual(['Pitwall.template.json', 'PitwallImage.template.json']);
  });

  test('passes cfn-lint', () => {
    const paths = templates(output).map((name) => join(output, name));
    expect(execFileSync(CFN_LINT, paths, { cwd: DEPLOY, encoding: 'utf8' })).toBe('');
  });
});

function templates(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.template.json'))
    .sort();
}

function asContext(settings: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(settings).flatMap(([name, value]) => [
    '--context',
    `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  ]);
}
