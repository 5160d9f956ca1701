import type { Session } from '../duckdb/session.ts';
import {
  createRowEncoder,
  type Frame,
  type RowEncoderOptions,
  type RowFormat,
} from '../encode/row-encoder.ts';
import type { StagedListener } from './attempt-files.ts';
import { createTieReaders } from './order-key.ts';
import { type OutputContext, type RowCounter, writtenColumns } from './output-context.ts';
import { partitionText } from './partition-key.ts';
import type { PartitionTexts } from './partition-path.ts';
import type { StagedOutput } from './record.ts';
import { type Partition, RowRouter } from './row-router.ts';
import { type StagedBytes, stageFile } from './stage-file.ts';
import { StagedOutputs } from './staged-outputs.ts';
import { placingErrors } from './step-query.ts';

/** Encoded rows of an unordered output that may wait in memory. */
const ROUTING_BYTES = 128 * 1024 * 1024;

/** Writes a step's outputs in a format whose rows are encoded one by one: JSON, NDJSON, CSV. */
export async function writeTextOutputs(
  session: Session,
  context: OutputContext,
  onRows: RowCounter,
  onStaged?: StagedListener,
): Promise<StagedOutput[]> {
  const outputs = new StagedOutputs(context, onStaged);
  const frame = await encodeRows(session, context, outputs, onRows);
  return outputs.finish((path) => stageFile(path, [frame.empty], context));
}

/** Encodes the rows of a context and stages each partition's file when it is whole; gives the format's frame. */
export async function encodeRows(
  session: Session,
  context: OutputContext,
  outputs: StagedOutputs,
  onRows: RowCounter,
): Promise<Frame> {
  const { step, rows } = context;
  try {
    return await placingErrors(step, rows, () => streamRows(session, context, outputs, onRows));
  } finally {
    await outputs.idle();
  }
}

async function streamRows(
  session: Session,
  context: OutputContext,
  outputs: StagedOutputs,
  onRows: RowCounter,
): Promise<Frame> {
  const { step, rows, parameters } = context;
  const result = await session.query(rows.sql, parameters, { stream: true, ahead: true });
  const encoder = createRowEncoder(result.schema, encoderOptions(context));
  const router = new RowRouter({
    schema: result.schema,
    encoder,
    partitionBy: step.partitionBy,
    ties: step.orderBy.length > 0 ? createTieReaders(result.schema, step.orderBy) : undefined,
    grouped: context.grouped ?? false,
    spillFolder: context.stagingFolder,
    memoryBytes: ROUTING_BYTES,
  });
  for await (const batch of result) {
    router.write(batch);
    onRows(batch.numRows);
    await stageWhole(router, outputs, context, encoder.frame);
  }
  router.end();
  await stageWhole(router, outputs, context, encoder.frame);
  await outputs.settle();
  return encoder.frame;
}

async function stageWhole(
  router: RowRouter,
  outputs: StagedOutputs,
  context: OutputContext,
  frame: Frame,
): Promise<void> {
  for (const { keys, rows } of router.takeWhole()) {
    const texts = toTexts(context, keys);
    const write = async (path: string): Promise<StagedBytes> => {
      try {
        return await stageFile(path, framed(frame, rows.chunks()), context);
      } finally {
        rows.free();
      }
    };
    if (outputs.wants(texts)) await outputs.add(texts, rows.count, write);
    else rows.free();
  }
}

function toTexts({ step }: OutputContext, keys: Partition['keys']): PartitionTexts {
  return new Map(step.partitionBy.map((column, index) => [column, partitionText(keys[index] ?? null)]));
}

/** The whole file: the rows, each followed by a separator, become rows with separators between them. */
function* framed(frame: Frame, rows: Iterable<Uint8Array>): Generator<Uint8Array> {
  yield frame.open;
  let previous: Uint8Array | undefined;
  for (const chunk of rows) {
    if (chunk.length === 0) continue;
    if (previous !== undefined) yield previous;
    previous = chunk;
  }
  if (previous !== undefined) yield previous.subarray(0, previous.length - frame.separator.length);
  yield frame.close;
}

function encoderOptions(context: OutputContext): RowEncoderOptions {
  const { format, indent, bigint, nonfinite, delimiter, header } = context.step.output;
  const common = { format: format as RowFormat, columns: writtenColumns(context), bigint, nonfinite };
  return format === 'csv' ? { ...common, csv: { delimiter, header } } : { ...common, indent };
}
