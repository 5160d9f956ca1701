import { spawnSync } from 'node:child_process';

import { CLI, type PitwallOptions } from './pitwall.ts';

const NOBODY = 65534;

/**
 * The user to run as where permission bits have to count: they stop everybody but root. `undefined` when there is
 * none who can read Pitwall itself.
 */
export const unprivileged: Pick<PitwallOptions, 'uid' | 'gid'> | undefined =
  process.getuid?.() === 0 ? nobody() : {};

function nobody(): { uid: number; gid: number } | undefined {
  const user = { uid: NOBODY, gid: NOBODY };
  return spawnSync(process.execPath, [CLI, '--version'], user).status === 0 ? user : undefined;
}
