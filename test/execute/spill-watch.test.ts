import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { SpillWatch } from '../../src/execute/spill-watch.ts';

it('the most that was spilled at one time is remembered', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pitwall-spill-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const watch = new SpillWatch(folder);
  watch.look();
  expect(watch.mostBytes).toBe(0);
  await writeFile(join(folder, 'a'), 'x'.repeat(30));
  await writeFile(join(folder, 'b'), 'x'.repeat(12));
  watch.look();
  await rm(folder, { recursive: true });
  watch.look();
  expect(watch.mostBytes).toBe(42);
});
