import type { Session } from '../duckdb/session.ts';
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
  const [frame, ...staged] = await allSettled([
    encodeRows(session, own, outputs, onRows),
    ...shares,
  ] as const);
  for (const share of staged) outputs.adopt(share);
  return outputs.finish((path) => stageFile(path, [frame.empty], own));
}

/** Siblings settle before the first failure is thrown: none of them still writes then. */
async function allSettled<T extends readonly unknown[]>(
  promises: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}
