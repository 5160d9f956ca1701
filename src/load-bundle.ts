import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';

const FOLDER = fileURLToPath(new URL('./bundle', import.meta.url));
/** Another Node compiles anew: what V8 keeps is its own release's alone. */
const CODE_FOLDER = join(FOLDER, `code-${process.version}-${process.platform}-${process.arch}`);
const PARAMETERS = ['exports', 'require', 'module', '__filename', '__dirname'];

interface LoadedModule {
  exports: object;
}

const modules = new Map<string, LoadedModule>();
const scripts = new Map<string, Script>();

/**
 * Loads a bundle with the code that V8 compiled of it when Pitwall was built; without that, or with code that this V8
 * does not take, it is compiled as any other module.
 *
 * @param file - the name of a file of `dist/bundle/`, which has a hash of what is in it
 */
export function loadBundle<Exports>(file: string): Exports {
  if (process.env.PITWALL_KEEP_CODE !== undefined) process.once('exit', keepCode);
  return load(file) as Exports;
}

/** A module that is asked for while it loads gives what it exports so far, as CommonJS has it. */
function load(file: string): object {
  const known = modules.get(file);
  if (known !== undefined) return known.exports;
  const module: LoadedModule = { exports: {} };
  modules.set(file, module);
  const path = join(FOLDER, file);
  compile(file, path).runInThisContext()(module.exports, requireFor(path), module, path, dirname(path));
  return module.exports;
}

function compile(file: string, path: string): Script {
  const source = readFileSync(path, 'utf8').replace(/^#!.*/, '');
  const script = new Script(`(function (${PARAMETERS.join(', ')}) {${source}\n})`, {
    filename: path,
    cachedData: readCode(file),
  });
  scripts.set(file, script);
  return script;
}

function requireFor(path: string): NodeJS.Require {
  const foreign = createRequire(path);
  const own = (name: string): unknown => (name.startsWith('./') ? load(name.slice(2)) : foreign(name));
  return Object.assign(own, foreign);
}

function readCode(file: string): Buffer | undefined {
  try {
    return readFileSync(join(CODE_FOLDER, file));
  } catch {
    return undefined;
  }
}

/** Keeps what this process has compiled where it is more than what is kept; only the build asks for it. */
function keepCode(): void {
  mkdirSync(CODE_FOLDER, { recursive: true });
  for (const [file, script] of scripts) {
    const path = join(CODE_FOLDER, file);
    const code = script.createCachedData();
    if (code.length <= (statSync(path, { throwIfNoEntry: false })?.size ?? 0)) continue;
    writeFileSync(`${path}.${process.pid}`, code);
    renameSync(`${path}.${process.pid}`, path);
  }
}
