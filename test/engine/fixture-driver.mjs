import { localEngine } from '../../dist/engine/local.js';
import { runFolder } from '../../dist/plan/run-folder.js';

/** Runs two tasks of the scripted folder that the arguments name, and prints what happens as lines of JSON. */
const [store, runId] = process.argv.slice(2);
const engine = localEngine({ entry: new URL('./fixture-worker.mjs', import.meta.url) });
const session = await engine.open({
  folder: runFolder(store, runId),
  limits: { threads: 2, memoryBytes: 1e8 },
  workers: 2,
  asked: {},
  signal: new AbortController().signal,
  onEvent: (event) => process.stdout.write(`${JSON.stringify(event)}\n`),
});
await session.runTasks({ id: 'stats', kind: 'slice', whole: [], tasks: [] }, [0, 1]);
await session.close();
