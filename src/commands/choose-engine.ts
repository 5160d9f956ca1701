import { resolve } from 'node:path';
import type { Engine } from '../engine/engine.ts';
import { PitwallError, unreachable } from '../error.ts';
import type { Pair } from './terminal.ts';

/** What `--engine` takes. */
export const ENGINE_NAMES = ['local', 'slurm', 'spark', 'batch', 'auto'] as const;
export type EngineName = Exclude<(typeof ENGINE_NAMES)[number], 'auto'>;

/** Where tasks run, as commander gives it. */
export interface EngineOptions {
  readonly engine?: EngineName | 'auto';
  /** As a shell would divide it. */
  readonly slurmArgs?: string;
  readonly sparkMaster?: string;
  readonly sparkConf?: readonly Pair[];
  /** What `pitwall pack` made. */
  readonly sparkArchive?: string;
  /** Where a driver of Spark connects to that runs already. */
  readonly sparkSocket?: string;
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
      return chooseSlurm(options);
    case 'spark':
      return chooseSpark(options);
    case 'batch':
      return chooseBatch(options);
    default:
      return unreachable(engine);
  }
}

async function chooseSlurm({ slurmArgs = '' }: EngineOptions): Promise<Engine> {
  const { splitShell } = await import('../engine/shell-words.ts');
  const { slurmEngine } = await import('../engine/slurm.ts');
  return slurmEngine({ args: splitShell('--slurm-args', slurmArgs) });
}

async function chooseSpark(options: EngineOptions): Promise<Engine> {
  const { isUrl, sparkEngine } = await import('../engine/spark.ts');
  const { sparkMaster: master, sparkConf = [], sparkArchive, sparkSocket: socket } = options;
  const archive = sparkArchive && (isUrl(sparkArchive) ? sparkArchive : resolve(sparkArchive));
  return sparkEngine({ master, conf: Object.fromEntries(sparkConf), archive, socket });
}

async function chooseBatch({ batchQueue, batchJobDefinition }: EngineOptions): Promise<Engine> {
  if (batchQueue === undefined || batchJobDefinition === undefined)
    throw new PitwallError('usage', '--engine batch needs --batch-queue and --batch-job-definition');
  const { batchEngine } = await import('../engine/batch.ts');
  return batchEngine({ queue: batchQueue, jobDefinition: batchJobDefinition });
}

/** The clusters that options say how to reach. Those that grow by themselves come first. */
export function namedClusters(options: EngineOptions): EngineName[] {
  const given = ownOptions(options).filter(({ isGiven }) => isGiven);
  return [...new Set(given.map(({ of }) => of))];
}

/** An option that does nothing would be taken for one that does. */
function refuseStrange(engine: EngineName | 'auto', options: EngineOptions): void {
  if (engine === 'auto') return;
  const strange = ownOptions(options).find(({ of, isGiven }) => isGiven && of !== engine);
  if (strange === undefined) return;
  const { option, of } = strange;
  throw new PitwallError('usage', `${option} is for --engine ${of}, got --engine ${engine}`);
}

interface OwnOption {
  readonly option: string;
  /** The only engine that it is for. */
  readonly of: EngineName;
  readonly isGiven: boolean;
}

function ownOptions(options: EngineOptions): OwnOption[] {
  const { slurmArgs, sparkMaster, sparkConf = [], sparkArchive, sparkSocket } = options;
  const { batchQueue, batchJobDefinition } = options;
  return [
    { option: '--batch-queue', of: 'batch', isGiven: batchQueue !== undefined },
    { option: '--batch-job-definition', of: 'batch', isGiven: batchJobDefinition !== undefined },
    { option: '--spark-master', of: 'spark', isGiven: sparkMaster !== undefined },
    { option: '--spark-conf', of: 'spark', isGiven: sparkConf.length > 0 },
    { option: '--spark-archive', of: 'spark', isGiven: sparkArchive !== undefined },
    { option: '--spark-socket', of: 'spark', isGiven: sparkSocket !== undefined },
    { option: '--slurm-args', of: 'slurm', isGiven: slurmArgs !== undefined },
  ];
}
