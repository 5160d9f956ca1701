/**
 * A built module, by its path below src/: threads run JavaScript. Not beside those of src, as koffi has one table of types for
 * a process.
 */
export async function built<Module>(path: string): Promise<Module> {
  return await import(/* @vite-ignore */ new URL(`../dist/${path}.js`, import.meta.url).href);
}
