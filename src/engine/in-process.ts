import { runTask } from '../execute/run-task.ts';
import type { Engine } from './engine.ts';

/** Runs a fused plan in this process: nothing is spawned. */
export const inProcess: Engine = { name: 'local', run: runTask };
