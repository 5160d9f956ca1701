import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { onlyOf, resourcesOf, synthesise } from './synth.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const DOCKERFILE = readFileSync(join(ROOT, 'deploy/Dockerfile'), 'utf8');
const IGNORE = readFileSync(join(ROOT, 'deploy/Dockerfile.dockerignore'), 'utf8').split('\n');
/** Where the image has what the repository has. */
const TASK_ROOT = '/var/task/';

function instructions(name: string, text = DOCKERFILE): string[] {
  return text
    .split('\n')
    .flatMap((line) => (line.startsWith(`${name} `) ? [line.slice(name.length + 1)] : []));
}

/** What is copied from the repository, and not from another stage. */
function copied(text = DOCKERFILE): string[] {
  return instructions('COPY', text)
    .filter((copy) => !copy.startsWith('--from'))
    .flatMap((copy) => copy.split(' ').slice(0, -1));
}

function version(): string {
  return (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }).version;
}

function here(path: string): string {
  return join(ROOT, path.replace(TASK_ROOT, ''));
}

describe('the image', () => {
  test('copies files that the repository has and Docker is let see', () => {
    expect(copied()).toEqual(expect.arrayContaining(['package.json', 'package-lock.json', 'src', 'sql']));
    for (const path of copied()) {
      expect(existsSync(join(ROOT, path)), path).toBe(true);
      expect(IGNORE).toContain(`!${path}`);
    }
  });

  test('holds no more than it is told: everything else is hidden from Docker first', () => {
    expect(IGNORE.filter((line) => line !== '' && !line.startsWith('#'))[0]).toBe('*');
  });

  test('can be built from what its first stage copies', () => {
    const folder = mkdtempSync(join(tmpdir(), 'pitwall-image-'));
    try {
      const [first = ''] = DOCKERFILE.split(/^FROM /m).slice(1);
      for (const path of copied(first)) cpSync(join(ROOT, path), join(folder, path), { recursive: true });
      symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
      execFileSync('npm', ['run', 'build'], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
      const printed = execFileSync(process.execPath, ['dist/cli.cjs', '--version'], {
        cwd: folder,
        encoding: 'utf8',
      });
      expect(printed.trim()).toBe(version());
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('runs pitwall by itself, as Batch starts it', () => {
    const [program, script = ''] = JSON.parse(instructions('ENTRYPOINT')[0] ?? '[]') as string[];
    expect(program).toBe('/var/lang/bin/node');
    for (const { Properties } of resourcesOf(synthesise().pitwall, 'AWS::Batch::JobDefinition').values()) {
      const { Command } = Properties.ContainerProperties as { Command: string[] };
      const printed = execFileSync(process.execPath, [here(script), ...Command], { encoding: 'utf8' });
      expect(printed.trim()).toBe(version());
    }
  });

  test("runs the handler under Lambda's own entry point", async () => {
    const { ImageConfig } = onlyOf(synthesise().pitwall, 'AWS::Lambda::Function').Properties as {
      ImageConfig: { EntryPoint: string[]; Command: string[] };
    };
    expect(ImageConfig.EntryPoint).toEqual(['/lambda-entrypoint.sh']);
    const [file, name] = (ImageConfig.Command[0] ?? '').split('.');
    const module: Record<string, unknown> = await import(join(ROOT, `${file}.js`));
    expect(module[name ?? '']).toBeTypeOf('function');
  });
});
