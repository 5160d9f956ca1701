import { createRunId } from '../plan/run-id.ts';
import { count } from '../plan/text-amounts.ts';
import { takeLease } from '../publish/lease.ts';
import type { Manifest } from '../publish/manifest.ts';
import { rollback } from '../publish/rollback.ts';
import { findRun } from './find-run.ts';
import { findStore } from './find-stores.ts';
import { type JobCommandOptions, toJobOptions } from './job-options.ts';
import type { Terminal } from './terminal.ts';

export interface RollbackCommandOptions extends JobCommandOptions {
  readonly wait?: boolean;
  readonly json?: boolean;
}

/** `pitwall rollback <job> <run>`: publishes again what an earlier run published. */
export async function rollbackCommand(
  ref: string,
  run: string,
  options: RollbackCommandOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const { wait = false, json = false } = options;
  const asked = toJobOptions(options);
  const { job, storage, store } = await findStore(ref, asked);
  const { folder } = await findRun(run, { job: ref, ...asked });
  const onWait = (holder: string) => terminal.err(`waiting for ${holder}\n`);
  const lease = await takeLease({ storage, store, job, runId: createRunId(), wait, onWait, signal });
  const onWarning = (message: string) => terminal.err(`warning: ${message}\n`);
  const manifest = await rollback({ storage, store, runId: folder.runId, lease, signal, onWarning }).finally(
    () => lease.release(),
  );
  terminal.out(json ? `${JSON.stringify(toDocument(manifest))}\n` : describe(manifest));
}

function toDocument({ job, runId, outputs }: Manifest): object {
  const files = outputs.map(({ url, rows, bytes, sha256 }) => ({ path: url, rows, bytes, sha256 }));
  return { run_id: runId, job, outputs: files };
}

function describe({ job, runId, outputs }: Manifest): string {
  return `${job}: published again what run ${runId} had published, ${count(outputs.length, 'file')}\n`;
}
