import { chmodSync, writeFileSync } from 'node:fs';
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

/** Each entry that `tsc` wrote becomes a line that loads its bundle. */
const entryFiles = {
  name: 'entry-files',
  writeBundle() {
    for (const entry of ENTRIES) {
      const up = '../'.repeat(entry.split('/').length - 1) || './';
      writeFileSync(
        `dist/${entry}.js`,
        `#!/usr/bin/env node\nexport * from '${up}bundle/${nameOf(entry)}.js';\n`,
      );
    }
    chmodSync('dist/cli.js', 0o755);
  },
};

export default {
  input: Object.fromEntries(ENTRIES.map((entry) => [nameOf(entry), `src/${entry}.ts`])),
  platform: 'node',
  // They find their binaries by where they lie themselves.
  external: [/^koffi$/, /^@duckdb\//],
  plugins: [ownPlaces, entryFiles],
  output: {
    dir: 'dist/bundle',
    cleanDir: true,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
  },
  logLevel: 'warn',
};
