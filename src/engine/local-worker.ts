import { openTaskWorker } from '../execute/task-worker.ts';
import { openStorage } from '../storage/open-storage.ts';
import { serveTasks } from './serve-tasks.ts';

serveTasks(openStorage, openTaskWorker);
