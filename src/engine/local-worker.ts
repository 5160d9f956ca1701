import { native } from '../duckdb/native.ts';
import { openTaskWorker } from '../execute/task-worker.ts';
import { openStorage } from '../storage/open-storage.ts';
import { serveTasks } from './serve-tasks.ts';

serveTasks(openStorage, openTaskWorker);
setImmediate(warmUp);

/** Loads what the first task needs while nobody has one yet. */
function warmUp(): void {
  try {
    native();
  } catch {
    // Told to the task that needs it.
  }
}
