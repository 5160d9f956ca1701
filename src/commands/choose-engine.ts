import { resolve } from 'node:path';
import type { Engine } from '../engine/engine.ts';
import { PitwallError } from '../error.ts';
import type { Pair } from './terminal.ts';

/** What `--engine` takes. */
export const ENGINE_NAMES = ['local', 'slurm', 'spark'] as const;
export type EngineName = (typeof ENGINE_NAMES)[number];

/** Where tasks run, as commander gives it. */
export interface EngineOptions {
  readonly engine?: EngineName;
  /** As a shell would divide it. */
  readonly slurmArgs?: string;
  readonly sparkMaster?: string;
  readonly sparkConf?: readonly Pair[];
  /** What `pitwall pack` made. */
  readonly sparkArchive?: string;
  /** Where a driver of Spark connects to that runs already. */
  readonly sparkSocket?: string;
}

/** The engine that is asked for; `undefined` for the one of this machine. @throws PitwallError (`usage`) */
export async function chooseEngine(options: EngineOptions): Promise<Engine | undefined> {
  const { engine = 'local' } = options;
  refuseStrange(engine, options);
  if (engine === 'local') return undefined;
  return engine === 'slurm' ? chooseSlurm(options) : chooseSpark(options);
}

async function chooseSlurm({ slurmArgs = '' }: EngineOptions): Promise<Engine> {
  const { splitShell } = await import('../engine/shell-words.ts');
  const { slurmEngine } = await import('../engine/slurm.ts');
  return slurmEngine({ args: splitShell('--slurm-args', slurmArgs) });
}

async function chooseSpark(options: EngineOptions): Promise<Engine> {
  const { sparkEngine } = await import('../engine/spark.ts');
  const { sparkMaster: master, sparkConf = [], sparkArchive, sparkSocket: socket } = options;
  const archive =
    sparkArchive && (/^[a-z][a-z0-9+.-]*:/i.test(sparkArchive) ? sparkArchive : resolve(sparkArchive));
  return sparkEngine({ master, conf: Object.fromEntries(sparkConf), archive, socket });
}

/** An option that does nothing would be taken for one that does. */
function refuseStrange(engine: EngineName, options: EngineOptions): void {
  const { slurmArgs, sparkMaster, sparkConf = [], sparkArchive, sparkSocket } = options;
  const given: readonly (readonly [option: string, of: EngineName, isGiven: boolean])[] = [
    ['--slurm-args', 'slurm', slurmArgs !== undefined],
    ['--spark-master', 'spark', sparkMaster !== undefined],
    ['--spark-conf', 'spark', sparkConf.length > 0],
    ['--spark-archive', 'spark', sparkArchive !== undefined],
    ['--spark-socket', 'spark', sparkSocket !== undefined],
  ];
  const strange = given.find(([, of, isGiven]) => isGiven && of !== engine);
  if (strange === undefined) return;
  const [option, of] = strange;
  throw new PitwallError('usage', `${option} is for --engine ${of}, got --engine ${engine}`);
}
