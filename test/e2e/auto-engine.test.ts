import { describe, expect, test } from 'vitest';
import { pitwall, pitwallOk } from './pitwall.ts';
import { emptyFolder } from './workspace.ts';

const REASON = 'engine: local: one task does it all, in this process\n';

describe('--engine auto', () => {
  test('is told by plan, with why', async () => {
    const cwd = await emptyFolder();
    expect(await pitwallOk(['plan', 'race_stats', '--engine', 'auto'], { cwd })).toMatch(
      new RegExp(`${REASON}$`),
    );
    const { engine } = JSON.parse(
      await pitwallOk(['plan', 'race_stats', '--engine', 'auto', '--json'], { cwd }),
    );
    expect(engine).toEqual({ name: 'local', reason: 'one task does it all, in this process' });
  });

  test('runs where it said, and says so', async () => {
    const cwd = await emptyFolder();
    const { code, stdout, stderr } = await pitwall(['run', 'race_stats', '--engine', 'auto', '--json'], {
      cwd,
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining(REASON) });
    expect(JSON.parse(stdout)).toMatchObject({ status: 'succeeded', engine: 'local' });
  });

  test('tells of a divided plan how long it would take here', async () => {
    const cwd = await emptyFolder();
    const asked = ['plan', 'race_stats', '--engine', 'auto', '--fuse-below', '0', '--threads', '2'];
    expect(await pitwallOk(asked, { cwd })).toContain(
      'engine: local: about less than 1 s on 2 threads of this machine, not more than 10 min\n',
    );
  });

  test('is nothing to resume with', async () => {
    const cwd = await emptyFolder();
    const { code, stderr } = await pitwall(['resume', 'abcd', '--engine', 'auto'], { cwd });
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: 'pitwall: resume goes on with a plan that is made: name its engine instead of auto\n',
    });
  });
});
