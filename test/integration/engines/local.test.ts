import { testEngine } from './contract.ts';
import type { EngineRig } from './engine-rig.ts';

const RIG: EngineRig = {
  args: ['--workers', '2'],
  env: {},
  // A worker process is the executor.
  killExecutor: async (pid) => void process.kill(pid, 'SIGKILL'),
};

testEngine('local', () => RIG);
