import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { findCycles, type Module, readModules, specifiers } from './module-graph.ts';

const MODULES = readModules(fileURLToPath(new URL('../../src', import.meta.url)));

const GROUND = ['error.ts', 'fault-point.ts', 'decode', 'duckdb', 'encode', 'storage'];
const PIPELINE = ['job', 'plan', 'execute', 'engine', 'publish', 'report'];

/** The rooms of src/, and the files beside them, each with what it may import; an entry names only earlier ones. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  'error.ts': [],
  'fault-point.ts': ['error.ts'],
  'load-bundle.ts': [],
  'web-assembly.ts': [],
  decode: ['error.ts', 'web-assembly.ts'],
  duckdb: ['error.ts', 'web-assembly.ts', 'decode'],
  encode: ['error.ts', 'web-assembly.ts'],
  storage: ['error.ts', 'fault-point.ts'],
  job: GROUND,
  plan: [...GROUND, 'job'],
  execute: [...GROUND, 'job', 'plan'],
  engine: [...GROUND, 'job', 'plan', 'execute'],
  publish: [...GROUND, 'job', 'plan', 'execute'],
  pack: ['error.ts'],
  report: [...GROUND, 'job', 'plan', 'execute', 'engine', 'publish'],
  'ask.ts': [...GROUND, ...PIPELINE],
  'plan-limits.ts': [...GROUND, ...PIPELINE],
  'plan-ask.ts': [...GROUND, ...PIPELINE, 'ask.ts', 'plan-limits.ts'],
  'plan-cost.ts': [...GROUND, ...PIPELINE, 'ask.ts', 'plan-limits.ts'],
  'plan-job.ts': [...GROUND, ...PIPELINE, 'ask.ts', 'plan-limits.ts', 'plan-ask.ts', 'plan-cost.ts'],
  'run-engine.ts': [...GROUND, ...PIPELINE, 'ask.ts', 'plan-limits.ts'],
  'run-reports.ts': [...GROUND, ...PIPELINE, 'ask.ts', 'run-engine.ts'],
  'end-interrupted.ts': [...GROUND, ...PIPELINE, 'ask.ts', 'run-reports.ts'],
  'run.ts': [
    ...[...GROUND, ...PIPELINE, 'ask.ts', 'plan-ask.ts', 'plan-cost.ts'],
    ...['run-engine.ts', 'run-reports.ts', 'end-interrupted.ts'],
  ],
  lambda: [...GROUND, ...PIPELINE, 'ask.ts', 'plan-ask.ts', 'run.ts'],
  commands: [...GROUND, ...PIPELINE, 'ask.ts', 'pack', 'plan-ask.ts', 'plan-job.ts', 'run.ts'],
  'cli.ts': ['error.ts', 'storage', 'commands'],
  'lambda.ts': ['error.ts', 'report', 'lambda'],
  'index.ts': [...GROUND, ...PIPELINE, 'plan-job.ts', 'run.ts'],
};

/** What only some rooms may import: no other sees a pointer, a YAML node or a bar. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  '@aws-sdk/client-s3': ['storage'],
  koffi: ['duckdb'],
  '@duckdb/node-bindings': ['duckdb'],
  'apache-arrow': ['duckdb', 'encode', 'execute', 'commands'],
  'fastest-levenshtein': ['job'],
  yaml: ['job'],
  '@aws-sdk/client-batch': ['engine'],
  zod: ['job'],
  picomatch: ['storage'],
  'cli-progress': ['report'],
  commander: ['commands', 'cli.ts'],
  pino: ['report'],
  '@aws-sdk/client-cloudwatch-logs': ['report'],
  '@aws-sdk/client-sns': ['report'],
};

function roomOf(path: string): string {
  return path.split('/')[0] ?? path;
}

/** `from → to` for each import that leaves its room and is not in the table. */
function strayImports({ path, sources }: Module): string[] {
  const room = roomOf(path);
  return sources
    .filter((source) => roomOf(source) !== room && !ROOMS[room]?.includes(roomOf(source)))
    .map((source) => `${path} → ${source}`);
}

function strayPackages({ path, packages }: Module): string[] {
  return packages
    .filter((name) => !name.startsWith('node:') && !PACKAGES[name]?.includes(roomOf(path)))
    .map((name) => `${path} → ${name}`);
}

function roomGraph(): Map<string, string[]> {
  return new Map(
    Object.keys(ROOMS).map((room) => {
      const imported = MODULES.filter(({ path }) => roomOf(path) === room).flatMap(({ sources }) =>
        sources.map(roomOf),
      );
      return [room, [...new Set(imported)].filter((other) => other !== room)];
    }),
  );
}

describe('the rooms of src/', () => {
  test('are those of the table', () => {
    expect([...new Set(MODULES.map(({ path }) => roomOf(path)))].sort()).toEqual(Object.keys(ROOMS).sort());
  });

  test('stand in an order in which each may import only earlier ones', () => {
    const order = Object.keys(ROOMS);
    const backwards = Object.entries(ROOMS).flatMap(([room, others]) =>
      others
        .filter((other) => order.indexOf(other) >= order.indexOf(room))
        .map((other) => `${room} → ${other}`),
    );
    expect(backwards).toEqual([]);
  });

  test('import only what they may, types included', () => {
    expect(MODULES.flatMap(strayImports)).toEqual([]);
  });

  test('have no import cycle between them', () => {
    expect(findCycles(roomGraph())).toEqual([]);
  });

  test('import only their own packages, and koffi in duckdb alone', () => {
    expect(MODULES.flatMap(strayPackages)).toEqual([]);
  });
});

describe('the files of src/', () => {
  test('have no import cycle between them, types included', () => {
    expect(findCycles(new Map(MODULES.map(({ path, sources }) => [path, sources])))).toEqual([]);
  });

  test('are all reached from the command line, the library or a worker', () => {
    const imported = new Set(MODULES.flatMap(({ sources }) => sources));
    const alone = MODULES.map(({ path }) => path).filter((path) => !imported.has(path));
    expect(alone.sort()).toEqual(['cli.ts', 'index.ts', 'job/job-schema.ts', 'lambda.ts', 'load-bundle.ts']);
  });

  test('are not collected in a utils folder or a shared types.ts', () => {
    const names = MODULES.flatMap(({ path }) => path.split('/'));
    expect(
      names.filter((name) => /^(utils?|helpers?|common|shared|lib|misc)(\.ts)?$|^types\.ts$/.test(name)),
    ).toEqual([]);
  });

  test('are named in kebab-case', () => {
    expect(
      MODULES.map(({ path }) => path).filter((path) => !/^([a-z0-9]+-?)+(\/([a-z0-9]+-?)+)?\.ts$/.test(path)),
    ).toEqual([]);
  });
});

describe('the reading of imports', () => {
  test('finds values, types, side effects, dynamic imports and workers', () => {
    const text = `
      import { a } from './a.ts';
      import type { B } from "../b.ts";
      export * from './c.ts';
      import './d.ts';
      const e = async () => (await import('./e.ts')).run();
      type F = import('./f.ts').F;
      new Worker(new URL('./g.js', import.meta.url));
      new URL('../../sql', import.meta.url);
      import koffi from 'koffi';
      import {
        many,
      } from
        './h.ts';`;
    const found = ['./a.ts', '../b.ts', './c.ts', './d.ts', './e.ts', './f.ts', './g.js', 'koffi', './h.ts'];
    expect(specifiers(text)).toEqual(found);
  });

  test('finds each cycle and says its way', () => {
    const graph = new Map([
      ['a', ['b', 'x']],
      ['b', ['c']],
      ['c', ['a']],
      ['x', ['y']],
      ['y', ['z']],
      ['z', ['y', 'z']],
      ['self', ['self']],
    ]);
    expect(findCycles(graph)).toEqual(['a → b → c → a', 'y → z → y', 'self → self']);
  });

  test('finds no cycle where there is none', () => {
    expect(
      findCycles(
        new Map([
          ['a', ['b', 'c']],
          ['b', ['c']],
          ['c', []],
        ]),
      ),
    ).toEqual([]);
  });
});
