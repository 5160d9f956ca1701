import { type Ask, askedBytes, type RunOptions } from './ask.ts';
import { finishInterrupted } from './publish/finish-interrupted.ts';
import type { Manifest } from './publish/manifest.ts';
import { VOID_SINK } from './report/event.ts';
import { summariseUnchanged } from './report/summarise.ts';
import { openReport } from './run-reports.ts';

/** A run that stopped on its way to the end is published and reported by the next one; gives the manifest in force. */
export async function endInterrupted(ask: Ask, options: RunOptions): Promise<Manifest | undefined> {
  const { onEvent = VOID_SINK, scratch } = options;
  const onWarning = (message: string) => onEvent({ kind: 'warning', message });
  const { manifest, unreported } = await finishInterrupted(ask.storage, ask.store, { scratch, onWarning });
  if (manifest === undefined || unreported === undefined) return manifest;
  const result = summariseUnchanged({ manifest, only: {}, inputBytes: askedBytes(ask), elapsedMs: 0 });
  const report = openReport(ask, unreported, { ...options, onEvent: VOID_SINK });
  await report.succeeded({ ...result, status: 'succeeded' });
  return manifest;
}
