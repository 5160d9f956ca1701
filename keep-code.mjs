import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Keeps what V8 compiles of the bundles while the bundled sample runs, for every process after it to begin with. */
const folder = mkdtempSync(join(tmpdir(), 'pitwall-keep-code-'));
const run = (out, ...options) => ['run', 'race_stats', '--set', `out=${join(folder, out)}`, ...options];
const COMMANDS = [
  run('fused'),
  run('divided', '--fuse-below', '0'),
  run('fused', '--quiet'),
  ['validate', 'race_stats'],
];

try {
  for (const command of COMMANDS) keepCodeOf(command);
} catch (error) {
  // Where nothing can be run, nothing is lost but time at each start.
  process.stderr.write(`the bundles' code is not kept: ${error.message}\n`);
} finally {
  rmSync(folder, { recursive: true });
}

function keepCodeOf(command) {
  execFileSync(process.execPath, ['dist/cli.cjs', ...command], {
    env: { ...process.env, PITWALL_KEEP_CODE: '1' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
}
