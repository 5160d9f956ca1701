/** What the types of Node 20 leave out. https://developer.mozilla.org/docs/WebAssembly/Reference/JavaScript_interface */
interface WebAssemblyGlobal {
  readonly Memory: {
    new (options: SharedOptions): SharedMemory;
    new (options: { readonly initial: number }): GrowingMemory;
  };
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: object };
}

interface SharedOptions {
  readonly initial: number;
  readonly maximum: number;
  readonly shared: true;
}

/** Memory that several threads see; it does not move. */
export interface SharedMemory {
  readonly buffer: SharedArrayBuffer;
}

/** Memory of one thread; `buffer` is another one after it grew. */
export interface GrowingMemory {
  readonly buffer: ArrayBuffer;
  /** @param pages - of 64 KiB, more than there are */
  grow(pages: number): number;
}

export const PAGE_BYTES = 64 * 1024;

const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: WebAssemblyGlobal };

/** @param pages - of 64 KiB; it does not grow */
export function createMemory(pages: number): SharedMemory {
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
}

export function createGrowingMemory(): GrowingMemory {
  return new WebAssembly.Memory({ initial: 1 });
}

/** Functions that a program calls, by the file that declares them. */
export type ProgramImports = Readonly<
  Record<string, Readonly<Record<string, (...values: number[]) => number>>>
>;

/** What a program exports, that works in this memory. */
export function instantiate(
  program: Uint8Array,
  memory: SharedMemory | GrowingMemory,
  imports: ProgramImports = {},
): object {
  return new WebAssembly.Instance(new WebAssembly.Module(program), { ...imports, env: { memory } }).exports;
}
