import type { Session } from '../duckdb/session.ts';
import { settleAll } from '../plan/settle-all.ts';
import type { StagedListener } from './attempt-files.ts';
import type { EncoderPool } from './encoder-pool.ts';
import type { OutputContext, RowCounter } from './output-context.ts';
import type { StagedOutput } from './record.ts';
import { stageFile } from './stage-file.ts';
import { StagedOutputs } from './staged-outputs.ts';
import { encodeRows } from './text-outputs.ts';

/** Writes a step's outputs on several threads: the first share of the partitions here, each other in the pool. */
export async function writeSharedOutputs(
  session: Session,
  [own, ...others]: readonly [OutputContext, ...OutputContext[]],
  pool: EncoderPool,
  onRows: RowCounter,
  onStaged?: StagedListener,
): Promise<StagedOutput[]> {
  const outputs = new StagedOutputs(own, onStaged);
  const shares = others.map((context, index) => pool.encode(index, context, onRows));
  const [frame, ...staged] = await settleAll([encodeRows(session, own, outputs, onRows), ...shares]);
  for (const share of staged) outputs.adopt(share);
  return outputs.finish((path) => stageFile(path, [frame.empty], own));
}
