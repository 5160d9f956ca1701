import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { pitwall, pitwallOk } from '../../e2e/pitwall.ts';
import { orphans, pendingUploads, readPublishedObjects, s3Place, uploadFolder } from '../../e2e/s3-place.ts';
import { emptyFolder, readPublished } from '../../e2e/workspace.ts';
import { describeS3, type TestServer } from '../../s3/describe-s3.ts';
import { start } from '../processes.ts';
import { smallTasks } from '../seasons-job.ts';
import { type EngineRig, stoppedTasks, tasksAtWork } from './engine-rig.ts';
import { until } from './until.ts';

const SAMPLE = fileURLToPath(new URL('../../../sql/race_stats/sample', import.meta.url));
/** So many bytes make about four slices of the sample's results. */
const TASK_BYTES = 2 ** 14;

/** The same contract, in short, where inputs, outputs and the run lie in S3. */
export function testEngineOnS3(name: string, rig: () => EngineRig): void {
  describeS3(`the engine ${name} over S3`, (server) => {
    test('publishes the bytes of a local run although a task is killed', async () => {
      const { place, args, env } = await workspace(server, rig());
      const once = join(place.cwd, 'once');
      const fault = { PITWALL_FAULT: 'SIGKILL@task: outputs staged', PITWALL_FAULT_ONCE: once };
      const { code, stdout, stderr } = await pitwall([...args, '--json'], {
        cwd: place.cwd,
        env: { ...env, ...fault },
      });
      expect(code, stderr).toBe(0);
      expect(existsSync(once)).toBe(true);
      expect(JSON.parse(stdout)).toMatchObject({ engine: name, tasks: { skipped: 0, failed: 0 } });
      const out = `${place.root}/out`;
      expect(await readPublishedObjects(place.storage, out)).toEqual(await locally());
      expect(await orphans(place.storage, out)).toEqual([]);
      expect(await pendingUploads(server, out)).toEqual([]);
    });

    test('is interrupted, leaves no task at work, and goes on', async () => {
      const { place, args, env } = await workspace(server, rig());
      const { cwd } = place;
      const fault = { PITWALL_FAULT: 'SIGSTOP@task: inputs loaded', PITWALL_FAULT_ONCE: join(cwd, 'once') };
      const running = start(args, { cwd, env: { ...env, ...fault } });
      const [stopped] = await stoppedTasks(running, place.root, 1);
      process.kill(running.pid, 'SIGTERM');
      process.kill(stopped?.pid ?? 0, 'SIGCONT');
      const { code, stderr } = await running.outcome;
      expect(code, stderr).toBe(143);
      await until('no task is at work', async () => (await tasksAtWork(place.root)).length === 0);
      const again = await pitwall(args, { cwd, env });
      expect(again.code, again.stderr).toBe(0);
      expect(await readPublishedObjects(place.storage, `${place.root}/out`)).toEqual(await locally());
    });
  });
}

/** The sample in S3, and the arguments and the environment of a run from there to there. */
async function workspace(server: TestServer, { args, env }: EngineRig) {
  const place = await s3Place(server);
  await uploadFolder(place.storage, SAMPLE, `${place.root}/in`);
  const { AWS_ENDPOINT_URL_S3: endpoint = '', ...others } = place.env;
  const at = [
    '--set',
    `source=${place.root}/in`,
    '--set',
    `out=${place.root}/out`,
    '--s3-endpoint',
    endpoint,
  ];
  const all = { ...others, ...env };
  const run = await smallTasks(place.cwd, TASK_BYTES, 'race_stats', { args: at, env: all });
  return { place, args: [...run, ...args], env: all };
}

/** What race_stats publishes on local disks. */
async function locally(): Promise<Record<string, string>> {
  const cwd = await emptyFolder();
  await pitwallOk(['run', 'race_stats', '--quiet'], { cwd });
  return readPublished(join(cwd, 'results'));
}
