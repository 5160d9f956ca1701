import type { Engine } from '../engine/engine.ts';
import { PitwallError } from '../error.ts';

/** The options that only one engine has: its name, the option's, and its key. Clusters that grow by themselves come first. */
const OWN_OPTIONS = [
  ['batch', '--batch-queue', 'batchQueue'],
  ['batch', '--batch-job-definition', 'batchJobDefinition'],
  ['slurm', '--slurm-args', 'slurmArgs'],
] as const;

/** What `--engine` takes. */
export const ENGINE_NAMES = ['local', 'slurm', 'batch', 'auto'] as const;
export type EngineName = Exclude<(typeof ENGINE_NAMES)[number], 'auto'>;

/** Where tasks run, as commander gives it. */
export interface EngineOptions {
  readonly engine?: EngineName | 'auto';
  /** As a shell would divide it. */
  readonly slurmArgs?: string;
  /** Name or ARN. */
  readonly batchQueue?: string;
  /** Name, name:revision or ARN. */
  readonly batchJobDefinition?: string;
}

/**
 * The engine that is asked for; `undefined` for the one of this machine, and for `auto`, which a plan has to be made for.
 *
 * @param how - `as chosen`: options of other engines are what there was to choose from
 * @throws PitwallError (`usage`)
 */
export async function chooseEngine(
  options: EngineOptions,
  how: 'as asked' | 'as chosen' = 'as asked',
): Promise<Engine | undefined> {
  const { engine = 'local' } = options;
  if (how === 'as asked') refuseStrange(engine, options);
  switch (engine) {
    case 'auto':
    case 'local':
      return undefined;
    case 'slurm':
      return openSlurm(options);
    case 'batch':
      return openBatch(options);
    default:
      return unreachable(engine);
  }
}

function unreachable(engine: never): never {
  throw new Error(`there is no engine ${String(engine)}`);
}

async function openSlurm({ slurmArgs = '' }: EngineOptions): Promise<Engine> {
  const { splitShell } = await import('../engine/shell-words.ts');
  const { slurmEngine } = await import('../engine/slurm.ts');
  return slurmEngine({ args: splitShell('--slurm-args', slurmArgs) });
}

async function openBatch({ batchQueue, batchJobDefinition }: EngineOptions): Promise<Engine> {
  if (batchQueue === undefined || batchJobDefinition === undefined)
    throw new PitwallError('usage', '--engine batch needs --batch-queue and --batch-job-definition');
  const { batchEngine } = await import('../engine/batch.ts');
  return batchEngine({ queue: batchQueue, jobDefinition: batchJobDefinition });
}

/** The clusters that options say how to reach. */
export function namedClusters(options: EngineOptions): EngineName[] {
  return [
    ...new Set(OWN_OPTIONS.filter(([, , name]) => options[name] !== undefined).map(([owner]) => owner)),
  ];
}

/** An option that does nothing would be taken for one that does. */
function refuseStrange(engine: EngineName | 'auto', options: EngineOptions): void {
  if (engine === 'auto') return;
  for (const [owner, option, name] of OWN_OPTIONS)
    if (engine !== owner && options[name] !== undefined)
      throw new PitwallError('usage', `${option} is for --engine ${owner}, got --engine ${engine}`);
}
