import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What is started as a process, a thread or a function, by its path below src/: a few files load sooner than hundreds. */
const ENTRIES = [
  'cli',
  'lambda',
  'engine/local-worker',
  'execute/encode-worker',
  'decode/decode-thread',
  'duckdb/feed-thread',
];

const SRC = fileURLToPath(new URL('src', import.meta.url));
const nameOf = (entry) => entry.split('/').at(-1);

/** A module finds what lies beside it (a worker, package.json, sql/) from where `tsc` put it, not from its bundle. */
const ownPlaces = {
  name: 'own-places',
  transform(code, id) {
    if (!id.startsWith(SRC) || !code.includes('import.meta.url')) return null;
    const place = relative(SRC, id).split(sep).join('/').replace(/\.ts$/, '.js');
    return code.replaceAll('import.meta.url', `new URL('../${place}', import.meta.url).href`);
  },
};

/** What AWS Lambda imports stays a module; the others start sooner as CommonJS, without Node's loader of modules. */
const MODULES = ['lambda'];

/** Each entry that `tsc` wrote becomes two lines that load its bundle. */
const entryFiles = {
  name: 'entry-files',
  writeBundle(_, bundle) {
    const files = Object.values(bundle).filter(({ isEntry }) => isEntry);
    for (const entry of ENTRIES) {
      const { fileName } = files.find(({ name }) => name === nameOf(entry));
      const up = '../'.repeat(entry.split('/').length - 1) || './';
      if (MODULES.includes(entry)) writeModule(entry, up, fileName);
      else writeScript(entry, up, fileName);
    }
    chmodSync('dist/cli.cjs', 0o755);
  },
};

function writeModule(entry, up, fileName) {
  writeFileSync(
    `dist/${entry}.js`,
    `import { loadBundle } from '${up}load-bundle.js';
export const { handler } = loadBundle('${fileName}');
`,
  );
}

function writeScript(entry, up, fileName) {
  for (const end of ['.js', '.js.map']) rmSync(`dist/${entry}${end}`, { force: true });
  writeFileSync(
    `dist/${entry}.cjs`,
    `${entry === 'cli' ? '#!/usr/bin/env node\n' : ''}require('${up}load-bundle.cjs').loadBundle('${fileName}');
`,
  );
}

/** Only commander's commands that are programs of their own, of which there is none here, start processes. */
const withoutProcesses = {
  name: 'without-processes',
  transform(code, id) {
    if (!id.endsWith('/commander/lib/command.js')) return null;
    return code.replace("require('node:child_process')", '{}');
  },
};

/** Node warns of `import()` in code that was compiled as a script, as `src/load-bundle.ts` does. */
const withoutImports = {
  name: 'without-imports',
  transform(code, id) {
    if (id.startsWith(SRC) || !code.includes('import(')) return null;
    return code.replace(/\bimport\((["']node:\w+["'])\)/g, 'Promise.resolve(require($1))');
  },
  generateBundle(_, bundle) {
    const left = Object.values(bundle).find(({ code }) => /\bimport\(["'`]/.test(code ?? ''));
    if (left !== undefined)
      throw new Error(`${left.fileName} has an import() left, of which Node would warn`);
  },
};

const bundles = {
  input: Object.fromEntries(ENTRIES.map((entry) => [nameOf(entry), `src/${entry}.ts`])),
  platform: 'node',
  // They find their binaries by where they lie themselves.
  external: [/^koffi$/, /^@duckdb\//],
  plugins: [ownPlaces, withoutProcesses, withoutImports, entryFiles],
  output: {
    dir: 'dist/bundle',
    cleanDir: true,
    // V8's code of these can be kept on every Node: see src/load-bundle.ts.
    format: 'cjs',
    comments: { annotation: false, jsdoc: false, legal: true },
    // V8 takes code for that of any source as long: a file that has changed has to have another name.
    entryFileNames: '[name]-[hash].cjs',
    chunkFileNames: '[name]-[hash].cjs',
  },
  logLevel: 'warn',
};

/** What loads them, for the entries that are CommonJS. */
const loader = {
  input: 'src/load-bundle.ts',
  platform: 'node',
  output: { dir: 'dist', format: 'cjs', entryFileNames: '[name].cjs' },
  logLevel: 'warn',
};

export default [loader, bundles];
