import type { Engine } from '../engine/engine.ts';
import { PitwallError } from '../error.ts';

/** What `--engine` takes. */
export const ENGINE_NAMES = ['local', 'slurm'] as const;
export type EngineName = (typeof ENGINE_NAMES)[number];

/** Where tasks run, as commander gives it. */
export interface EngineOptions {
  readonly engine?: EngineName;
  /** As a shell would divide it. */
  readonly slurmArgs?: string;
}

/** The engine that is asked for; `undefined` for the one of this machine. @throws PitwallError (`usage`) */
export async function chooseEngine(options: EngineOptions): Promise<Engine | undefined> {
  const { engine = 'local' } = options;
  refuseStrange(engine, options);
  if (engine === 'local') return undefined;
  const { splitShell } = await import('../engine/shell-words.ts');
  const { slurmEngine } = await import('../engine/slurm.ts');
  return slurmEngine({ args: splitShell('--slurm-args', options.slurmArgs ?? '') });
}

/** An option that does nothing would be taken for one that does. */
function refuseStrange(engine: EngineName, { slurmArgs }: EngineOptions): void {
  if (engine !== 'slurm' && slurmArgs !== undefined)
    throw new PitwallError('usage', `--slurm-args is for --engine slurm, got --engine ${engine}`);
}
