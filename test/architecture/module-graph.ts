import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';

/** A source file by its path below src/, and what it imports, types included. */
export interface Module {
  readonly path: string;
  /** Other sources, by path below src/. */
  readonly sources: readonly string[];
  /** Packages and Node's own modules, by name. */
  readonly packages: readonly string[];
}

/** `from '…'`, `import '…'`, `import('…')` and the `new URL('…', import.meta.url)` of a worker thread. */
const SPECIFIER = /(?:\b(?:from|import)\s*\(?\s*|\bnew URL\(\s*)(['"])(?<specifier>[^'"\n]+)\1/g;

/** The module specifiers of a source text, in order. Files that no module is in (`../../sql`) are left out. */
export function specifiers(text: string): string[] {
  const all = [...text.matchAll(SPECIFIER)].map(({ groups }) => groups?.specifier ?? '');
  return all.filter((specifier) => !specifier.startsWith('.') || /\.(ts|c?js)$/.test(specifier));
}

/** Every module of a folder. Throws when one imports a file that is not there. */
export function readModules(root: string): Module[] {
  const paths = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
    // AssemblyScript is no module of Node's.
    (path) => path.endsWith('.ts') && !path.includes('assembly/'),
  );
  return paths.sort().map((path) => {
    const found = specifiers(readFileSync(join(root, path), 'utf8'));
    const relative = found.filter((specifier) => specifier.startsWith('.'));
    return {
      path,
      sources: relative.map((specifier) => resolveSource(path, specifier, paths)),
      packages: found.filter((specifier) => !specifier.startsWith('.')).map(packageName),
    };
  });
}

function resolveSource(path: string, specifier: string, known: readonly string[]): string {
  const source = posix.join(dirname(path), specifier).replace(/\.c?js$/, '.ts');
  if (known.includes(source)) return source;
  throw new Error(`${path} imports ${specifier}, which is no file of src/`);
}

function packageName(specifier: string): string {
  const parts = specifier.split('/');
  return parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
}

/** The cycles of a graph, one for each group of nodes that reach one another: `a → b → a`. */
export function findCycles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  return [...graph.keys()].flatMap((start) => {
    const way = wayBack(start, graph, done);
    for (const node of way ?? []) done.add(node);
    return way === undefined ? [] : [way.join(' → ')];
  });
}

/** The shortest way from a node to itself, by nodes that no known cycle holds. */
function wayBack(
  start: string,
  graph: ReadonlyMap<string, readonly string[]>,
  done: ReadonlySet<string>,
): string[] | undefined {
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (let node = queue.shift(); node !== undefined; node = queue.shift()) {
    for (const next of graph.get(node) ?? []) {
      if (done.has(next) || cameFrom.has(next)) continue;
      cameFrom.set(next, node);
      if (next === start) return traceBack(start, cameFrom);
      queue.push(next);
    }
  }
  return undefined;
}

function traceBack(start: string, cameFrom: ReadonlyMap<string, string>): string[] {
  const way = [start];
  for (let node = cameFrom.get(start); node !== undefined && node !== start; node = cameFrom.get(node))
    way.unshift(node);
  return [start, ...way];
}
