import { type Command, Option } from 'commander';
import {
  addEngineOptions,
  addRunOptions,
  debugOption,
  endpointOption,
  jobOption,
  jsonOption,
  logOption,
  onlyOption,
  scratchOption,
  setOption,
} from './add-options.ts';
import { parseBytes } from './parse-bytes.ts';
import { parseDollars } from './parse-dollars.ts';
import { parseDuration } from './parse-duration.ts';
import { parseCount, type Terminal } from './terminal.ts';

const THREE_DAYS_MS = 3 * 24 * 3_600_000;

/** The commands that run jobs, and that look at and after their runs. */
export function addRunCommands(program: Command, terminal: Terminal, signal: AbortSignal): void {
  addRun(program, terminal, signal);
  addPlan(program, terminal, signal);
  addResume(program, terminal, signal);
  addRuns(program, terminal);
  addShow(program, terminal);
  addDiff(program, terminal);
  addVerify(program, terminal);
  addRollback(program, terminal, signal);
  addClean(program, terminal);
  addTask(program, terminal, signal);
  addPack(program, terminal);
}

function addPack(program: Command, terminal: Terminal): void {
  program
    .command('pack [jobs...]')
    .description('write Node, Pitwall and jobs as one archive for machines that have none of them')
    .option('-o, --output <file>', 'where to', 'pitwall.tar.gz')
    .addOption(jsonOption())
    .addOption(debugOption())
    .action(async (jobs, options) =>
      (await import('./pack-command.ts')).packCommand(jobs, options, terminal),
    );
}

function addRun(program: Command, terminal: Terminal, signal: AbortSignal): void {
  const command = program
    .command('run <job>')
    .description('run a job and publish its outputs')
    .addOption(setOption())
    .addOption(endpointOption())
    .addOption(onlyOption())
    .option('--force', 'run what is unchanged as well')
    .option(
      '--fuse-below <size>',
      'run inputs smaller than this as one task (256MB, or a quarter of the memory)',
      parseBytes('--fuse-below', 0),
    )
    .option('--plan <file>', 'run exactly this plan of pitwall plan -o')
    .option('--max-bytes <size>', 'refuse to start when the inputs are larger', parseBytes('--max-bytes'))
    .option(
      '--max-cost <dollars>',
      'refuse to start when the run is estimated to cost more',
      parseDollars('--max-cost'),
    );
  addRunOptions(command).action(async (job, options) =>
    (await import('./run-command.ts')).runCommand(job, options, terminal, signal),
  );
}

function addPlan(program: Command, terminal: Terminal, signal: AbortSignal): void {
  addEngineOptions(
    program.command('plan <job>').description('show what a run would read and do, and what it would skip'),
  )
    .addOption(setOption())
    .addOption(endpointOption())
    .addOption(onlyOption())
    .option('--force', 'plan what is unchanged as well')
    .option('--workers <n>', 'for so many worker processes', parseCount('--workers'))
    .option('--threads <n>', 'for so many threads', parseCount('--threads'))
    .option('--memory <size>', 'for so much memory', parseBytes('--memory'))
    .option('--fuse-below <size>', 'as for run', parseBytes('--fuse-below', 0))
    .option('-o, --output <file>', 'write the plan as JSON, for run --plan')
    .option('--explain', 'print the plan as text, also with -o or --json')
    .addOption(jsonOption())
    .addOption(debugOption())
    .action(async (job, options) =>
      (await import('./plan-command.ts')).planCommand(job, options, terminal, signal),
    );
}

function addResume(program: Command, terminal: Terminal, signal: AbortSignal): void {
  const command = program
    .command('resume <run>')
    .description('go on with a run that was interrupted or failed, on this engine or another')
    .addOption(jobOption())
    .addOption(setOption())
    .addOption(endpointOption());
  addRunOptions(command).action(async (run, options) =>
    (await import('./resume-command.ts')).resumeCommand(run, options, terminal, signal),
  );
}

function addRuns(program: Command, terminal: Terminal): void {
  program
    .command('runs [job]')
    .description('list the runs of a job, or of all jobs here')
    .addOption(setOption())
    .addOption(endpointOption())
    .option('--limit <n>', 'at most so many of each job', parseCount('--limit'), 20)
    .addOption(jsonOption())
    .addOption(debugOption())
    .action(async (job, options) => (await import('./runs-command.ts')).runsCommand(job, options, terminal));
}

function addShow(program: Command, terminal: Terminal): void {
  program
    .command('show <run>')
    .description('show what a run did: its steps, failures, checks and outputs')
    .addOption(jobOption())
    .addOption(setOption())
    .addOption(endpointOption())
    .addOption(jsonOption())
    .addOption(debugOption())
    .action(async (run, options) => (await import('./show-command.ts')).showCommand(run, options, terminal));
}

function addDiff(program: Command, terminal: Terminal): void {
  program
    .command('diff <before> <after>')
    .description('count the rows added, removed and changed in each output between two runs')
    .addOption(jobOption())
    .addOption(setOption())
    .addOption(endpointOption())
    .addOption(jsonOption())
    .addOption(debugOption())
    .action(async (before, after, options) =>
      (await import('./diff-command.ts')).diffCommand(before, after, options, terminal),
    );
}

function addVerify(program: Command, terminal: Terminal): void {
  program
    .command('verify <job>')
    .description('compare what lies at the outputs with what was published')
    .addOption(setOption())
    .addOption(endpointOption())
    .addOption(jsonOption())
    .addOption(debugOption())
    .action(async (job, options) =>
      (await import('./verify-command.ts')).verifyCommand(job, options, terminal),
    );
}

function addRollback(program: Command, terminal: Terminal, signal: AbortSignal): void {
  program
    .command('rollback <job> <run>')
    .description('publish again what an earlier run published')
    .addOption(setOption())
    .addOption(endpointOption())
    .option('--wait', 'wait while a run of the job is at work')
    .addOption(jsonOption())
    .addOption(debugOption())
    .action(async (job, run, options) =>
      (await import('./rollback-command.ts')).rollbackCommand(job, run, options, terminal, signal),
    );
}

function addClean(program: Command, terminal: Terminal): void {
  program
    .command('clean <job>')
    .description('list the folders of runs that nothing needs any more; delete them with --yes')
    .addOption(setOption())
    .addOption(endpointOption())
    .option('--yes', 'delete them')
    .addOption(
      new Option('--older-than <duration>', 'leave younger ones, such as 12h')
        .argParser(parseDuration('--older-than'))
        .default(THREE_DAYS_MS, '3d'),
    )
    .addOption(jsonOption())
    .addOption(debugOption())
    .action(async (job, options) =>
      (await import('./clean-command.ts')).cleanCommand(job, options, terminal),
    );
}

function addTask(program: Command, terminal: Terminal, signal: AbortSignal): void {
  program
    .command('task <run-folder> <step> [index]')
    .description('do one task of a run, for engines; exit 0 done, 75 run it again, 1 failed')
    .option(
      '--array <indexes>',
      'instead of an index: those of the array job in AWS Batch that this is a child of, such as 0-99,105',
    )
    .option('--threads <n>', 'threads for DuckDB (all processors)', parseCount('--threads'))
    .option('--memory <size>', 'memory for DuckDB', parseBytes('--memory'))
    .addOption(logOption())
    .option('--submission <id>', 'leave a failure in the run folder under this id, for the engine')
    .addOption(endpointOption())
    .addOption(scratchOption())
    .addOption(jsonOption())
    .addOption(debugOption())
    .action(async (run, step, index, options) =>
      (await import('./task-command.ts')).taskCommand(
        run,
        step,
        index === undefined ? undefined : parseCount('<index>', 0)(index),
        options,
        terminal,
        signal,
      ),
    );
}
