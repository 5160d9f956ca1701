import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { TaskEvent } from '../../src/engine/engine.ts';
import { readAttempts, scriptedFolder } from './worker-rig.ts';

const DRIVER = fileURLToPath(new URL('./fixture-driver.mjs', import.meta.url));
/** A cgroup that tests may make others in; without it nothing outside of the project is touched. */
const PARENT = process.env.PITWALL_TEST_CGROUP;
/** Of versions 1 and 2. */
const LIMIT_FILES = ['memory.limit_in_bytes', 'memory.max'];
const LIMIT_BYTES = 400e6;

function makeCgroup(parent: string): string {
  const cgroup = join(parent, `pitwall-test-${process.pid}`);
  mkdirSync(cgroup);
  onTestFinished(() => rmdirSync(cgroup));
  const limitFile = LIMIT_FILES.map((name) => join(cgroup, name)).find((path) => existsSync(path));
  if (limitFile === undefined) throw new Error(`${parent}: its children have no limits of memory`);
  writeFileSync(limitFile, String(LIMIT_BYTES));
  return cgroup;
}

describe('a cgroup without memory left', () => {
  it.skipIf(PARENT === undefined)(
    'costs a worker, not the run: its task is run again with double the memory',
    async () => {
      const cgroup = makeCgroup(PARENT ?? '');
      const folder = await scriptedFolder({ tasks: { 0: ['eat', 'commit'] } });
      const inside = `echo $$ > ${cgroup}/cgroup.procs; exec "$0" "$@"`;
      const command = ['-c', inside, process.execPath, DRIVER, folder.store, folder.runId];
      const { stdout } = await promisify(execFile)('sh', command);
      const events = stdout
        .trim()
        .split('\n')
        .map((line): TaskEvent => JSON.parse(line));
      expect(events.filter(({ kind }) => kind === 'task retried' || kind === 'task failed')).toEqual([
        {
          kind: 'task retried',
          stepId: 'stats',
          index: 0,
          worker: expect.any(Number),
          reason: 'killed by the system, which had no memory left',
        },
      ]);
      const eaters = readAttempts(folder).filter(({ index }) => index === 0);
      expect(eaters.map(({ limits }) => limits)).toEqual([
        { threads: 2, memoryBytes: 1e8 },
        { threads: 1, memoryBytes: 2e8 },
      ]);
    },
  );
});
