/** What the types of Node 20 leave out. https://developer.mozilla.org/docs/WebAssembly/Reference/JavaScript_interface */
interface WebAssemblyGlobal {
  readonly Memory: new (options: MemoryOptions) => SharedMemory;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: object };
}

interface MemoryOptions {
  readonly initial: number;
  readonly maximum: number;
  readonly shared: true;
}

/** Memory that several threads see; it does not move. */
export interface SharedMemory {
  readonly buffer: SharedArrayBuffer;
}

const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: WebAssemblyGlobal };

/** @param pages - of 64 KiB; it does not grow */
export function createMemory(pages: number): SharedMemory {
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
}

/** What a program exports, that works in this memory. */
export function instantiate(program: Uint8Array, memory: SharedMemory): object {
  return new WebAssembly.Instance(new WebAssembly.Module(program), { env: { memory } }).exports;
}
