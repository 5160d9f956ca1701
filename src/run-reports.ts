import { resolve } from 'node:path';
import type { Ask, RunOptions } from './ask.ts';
import type { RunFolder } from './plan/run-folder.ts';
import { VOID_SINK } from './report/event.ts';
import { type Notifier, openNotifier } from './report/notifier.ts';
import { openRunReport, type RunReport } from './report/run-report.ts';
import { engineName } from './run-engine.ts';

/** Tells those whom the job names how the run ends. */
export function notifierOf(
  { ref, job, only, storage, store, options: { set = {}, cwd = '.' } }: Ask,
  options: RunOptions,
): Notifier {
  const { onEvent = VOID_SINK } = options;
  const asked = { ...options, ref, cwd: resolve(cwd), set, only };
  return openNotifier({ job, storage, store, asked, onEvent });
}

/** What is told of a run while it lasts, and what it leaves in its folder. */
export function openReport(ask: Ask, folder: RunFolder, options: RunOptions): RunReport {
  return openRunReport({
    ...{ storage: ask.storage, folder, job: ask.job.name, engine: engineName(options), version: ask.version },
    args: argumentsOf(options),
    goesOnElsewhere: options.goesOnElsewhere,
    onEvent: options.onEvent ?? VOID_SINK,
  });
}

/** What was asked for, as far as it is data. */
function argumentsOf(options: RunOptions): Readonly<Record<string, unknown>> {
  const { onEvent: _, signal: __, engine: ___, plan: ____, folder: _____, ...rest } = options;
  const { goesOnElsewhere: ______, ...data } = rest;
  return data;
}
