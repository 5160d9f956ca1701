import { parentPort, workerData } from 'node:worker_threads';
import { attachSession, type SessionTicket } from '../duckdb/session.ts';
import type { FromWorker, ToWorker } from './encode-message.ts';
import { toFailure } from './failure.ts';
import type { OutputContext } from './output-context.ts';
import { StagedOutputs } from './staged-outputs.ts';
import { encodeRows } from './text-outputs.ts';

const session = attachSession(workerData as SessionTicket);

parentPort?.on('message', async (message: ToWorker) => {
  if (message.kind === 'interrupt') session.interrupt();
  if (message.kind === 'encode') parentPort?.postMessage(await encodeShare(message.context));
  if (message.kind === 'close') {
    await session.close();
    parentPort?.close();
  }
});

async function encodeShare(context: OutputContext): Promise<FromWorker> {
  try {
    const outputs = new StagedOutputs(context);
    await encodeRows(session, context, outputs, (rows) => parentPort?.postMessage({ kind: 'rows', rows }));
    return { kind: 'staged', outputs: await outputs.settle() };
  } catch (error) {
    return { kind: 'failed', failure: toFailure(error) };
  }
}
