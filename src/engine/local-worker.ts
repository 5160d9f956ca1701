import { openTaskWorker } from '../execute/task-worker.ts';
import { localStorage } from '../storage/local.ts';
import { serveTasks } from './serve-tasks.ts';

serveTasks(localStorage(), openTaskWorker);
