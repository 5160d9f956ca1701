#!/usr/bin/env node
import { setImmediate as nextRound } from 'node:timers/promises';
import { inspect } from 'node:util';
import { Command, CommanderError } from 'commander';
import { addCommands } from './commands/add-commands.ts';
import { processTerminal } from './commands/terminal.ts';
import { PitwallError } from './error.ts';
import { errorCode } from './storage/local-error.ts';

const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
type Signal = keyof typeof SIGNALS;
const INTERNAL_ERROR = 1;
const USAGE_ERROR = 2;

/** Runs a command line and gives its exit code; every failure is one line on stderr. */
async function main(argv: readonly string[]): Promise<number> {
  const interruption = new AbortController();
  let interruptedBy: Signal | undefined;
  onSignals((signal) => {
    interruptedBy = signal;
    interruption.abort(new PitwallError('interrupted', `interrupted by ${signal}; nothing was published`));
  });
  try {
    await addCommands(createProgram(), processTerminal, interruption.signal).parseAsync([...argv], {
      from: 'user',
    });
    await pendingSignals();
    return interruptedBy === undefined ? 0 : SIGNALS[interruptedBy];
  } catch (error) {
    return reportFailure(isBareInterruption(error) ? interruption.signal.reason : error, interruptedBy);
  }
}

/** A signal is told in the event loop's next round, of which a microtask may see the end first. */
async function pendingSignals(): Promise<void> {
  await nextRound();
  await nextRound();
}

/** A query that was stopped says no more than that it was. */
function isBareInterruption(error: unknown): boolean {
  return error instanceof PitwallError && error.kind === 'interrupted' && error.constructor !== PitwallError;
}

/** The terminal sends a signal to npx and to us, and npx, like timeout(1), passes it on: twice at once is once. */
const REPEATED_MS = 500;

/** Calls `interrupt` at the first signal; a later one ends the process at once. */
function onSignals(interrupt: (signal: Signal) => void): void {
  let firstMs: number | undefined;
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (firstMs !== undefined && performance.now() - firstMs > REPEATED_MS) process.exit(SIGNALS[signal]);
      if (firstMs !== undefined) return;
      firstMs = performance.now();
      interrupt(signal);
    });
  }
}

function createProgram(): Command {
  return new Command('pitwall').exitOverride().configureOutput({
    outputError: (text) => processTerminal.err(`pitwall: ${oneLine(text.replace(/^error: /, ''))}\n`),
  });
}

function oneLine(text: string): string {
  return text.trim().replaceAll(/\s*\n\s*/g, ' ');
}

function reportFailure(error: unknown, interruptedBy: Signal | undefined): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE_ERROR;
  const isExpected = error instanceof PitwallError;
  const text = isExpected ? String(error) : describeUnexpected(error);
  processTerminal.err(`pitwall: ${oneLine(text)}\n`);
  if (process.argv.includes('--debug')) processTerminal.err(`${inspect(error)}\n`);
  if (interruptedBy !== undefined) return SIGNALS[interruptedBy];
  return isExpected ? error.exitCode : INTERNAL_ERROR;
}

/** Handles can be short wherever a file is opened, modules of Pitwall's own included. */
function describeUnexpected(error: unknown): string {
  if (errorCode(error) === 'EMFILE') return 'too many files are open; raise the limit (ulimit -n)';
  const message = error instanceof Error ? error.message : String(error);
  return `internal error: ${message}; please report it with the output of --debug`;
}

/** Whoever reads our output may have seen enough: `pitwall query … | head`. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

/** Nor does a run fail because nobody reads how it goes on. */
process.stderr.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

let hasEnded = false;

/** Nothing is left that could go on, which Node takes for a good end. */
process.once('beforeExit', () => {
  if (hasEnded) return;
  process.exitCode = INTERNAL_ERROR;
  processTerminal.err(
    'pitwall: internal error: the command waits for what cannot come; please report it with the output of --debug\n',
  );
});

void main(process.argv.slice(2)).then((exitCode) => {
  hasEnded = true;
  process.exitCode = exitCode;
  leaveSoon();
});

/** What has ended may leave something open that nobody waits for: a request that was given up, for one. */
function leaveSoon(): void {
  setTimeout(() => process.exit(), 1000).unref();
}
