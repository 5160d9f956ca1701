import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { parseBytes } from './parse-bytes.ts';
import { collectPair, type Pair, parseCount, type Terminal } from './terminal.ts';

/** Adds every command. What a command needs is imported when it runs: `--help` loads none of it. */
export function addCommands(program: Command, terminal: Terminal, signal: AbortSignal): Command {
  program
    .description('Partition-parallel SQL over CSV and Parquet, published whole or not at all.')
    .version(packageVersion(), '-V, --version')
    .showSuggestionAfterError()
    .enablePositionalOptions();
  addRun(program, terminal, signal);
  addPlan(program, terminal);
  addValidate(program, terminal);
  addPreview(program, terminal, signal);
  addQuery(program, terminal, signal);
  addTest(program, terminal, signal);
  addGen(program, terminal, signal);
  return program.addHelpText('after', EXIT_CODES);
}

const EXIT_CODES = `
A <job> is a name under sql/ or a path to a folder with a job.yaml.
Exit codes: 0 done; 1 failed (data, checks, outputs); 2 usage, job file or SQL; 75 temporary; 130, 143 interrupted.`;

function packageVersion(): string {
  const manifest: { version: string } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  );
  return manifest.version;
}

const NO_PAIRS: readonly Pair[] = [];

function setOption(): Option {
  return new Option('--set <name=value>', 'a parameter of the job; may be given again')
    .argParser(collectPair('--set'))
    .default(NO_PAIRS, 'the defaults of the job file');
}

function onlyOption(): Option {
  return new Option('--only <column=value>', 'narrow to a partition; may be given again')
    .argParser(collectPair('--only'))
    .default(NO_PAIRS, 'all partitions');
}

const jsonOption = () => new Option('--json', 'print one JSON document to stdout, all else to stderr');
const debugOption = () => new Option('--debug', 'print the stack of an error');

function addRun(program: Command, terminal: Terminal, signal: AbortSignal): void {
  program
    .command('run <job>')
    .description('run a job and publish its outputs')
    .addOption(setOption())
    .addOption(onlyOption())
    .option('--threads <n>', 'threads for DuckDB (all processors)', parseCount('--threads'))
    .option(
      '--memory <size>',
      "memory for DuckDB, such as 4GB (60 % of the machine's)",
      parseBytes('--memory'),
    )
    .option('--max-bytes <size>', 'refuse to start when the inputs are larger', parseBytes('--max-bytes'))
    .addOption(jsonOption())
    .option('--quiet', 'print nothing but warnings and errors')
    .addOption(debugOption())
    .action(async (job, options) =>
      (await import('./run-command.ts')).runCommand(job, options, terminal, signal),
    );
}

function addPlan(program: Command, terminal: Terminal): void {
  program
    .command('plan <job>')
    .description('show what a run would read and do')
    .addOption(setOption())
    .option('-o, --output <file>', 'write the plan as JSON')
    .option('--explain', 'print the plan as text, also with -o or --json')
    .addOption(jsonOption())
    .addOption(debugOption())
    .action(async (job, options) => (await import('./plan-command.ts')).planCommand(job, options, terminal));
}

function addValidate(program: Command, terminal: Terminal): void {
  program
    .command('validate <job>')
    .description('find every mistake in a job file and its SQL without running it')
    .addOption(setOption())
    .addOption(jsonOption())
    .addOption(debugOption())
    .action(async (job, options) =>
      (await import('./validate-command.ts')).validateCommand(job, options, terminal),
    );
}

function addPreview(program: Command, terminal: Terminal, signal: AbortSignal): void {
  program
    .command('preview <job>')
    .description('print the first rows of a step; nothing is published')
    .addOption(setOption())
    .addOption(onlyOption())
    .option('--step <name>', 'which step (the last)')
    .option('--limit <n>', 'how many rows', parseCount('--limit'), 20)
    .addOption(jsonOption())
    .addOption(debugOption())
    .action(async (job, options) =>
      (await import('./preview-command.ts')).previewCommand(job, options, terminal, signal),
    );
}

function addQuery(program: Command, terminal: Terminal, signal: AbortSignal): void {
  program
    .command('query <sql>')
    .description("run a SELECT over local files, or over a job's inputs and steps")
    .option('--job <job>', 'the job whose inputs and steps are tables')
    .addOption(setOption())
    .option('--limit <n>', 'print at most so many rows', parseCount('--limit'))
    .addOption(jsonOption())
    .addOption(debugOption())
    .action(async (sql, options) =>
      (await import('./query-command.ts')).queryCommand(sql, options, terminal, signal),
    );
}

function addTest(program: Command, terminal: Terminal, signal: AbortSignal): void {
  program
    .command('test <job>')
    .description("run the cases in a job's tests/ folder")
    .addOption(jsonOption())
    .addOption(debugOption())
    .action(async (job, options) =>
      (await import('./test-command.ts')).testCommand(job, options, terminal, signal),
    );
}

function addGen(program: Command, terminal: Terminal, signal: AbortSignal): void {
  program
    .command('gen <job>')
    .description('generate seeded inputs for trying and benchmarking; of race_stats')
    .option('--races <n>', 'races', parseCount('--races'), 1000)
    .option('--results-per-race <n>', 'results of each race', parseCount('--results-per-race', 0), 20)
    .option('--seed <n>', 'the same seed gives the same files', parseCount('--seed', 0), 1)
    .addOption(new Option('--format <format>').choices(['csv', 'parquet']).default('csv'))
    .option('--partitioned', 'a folder for each season: results/year=…/')
    .requiredOption('--out <folder>', 'where the files go')
    .addOption(debugOption())
    .action(async (job, options) =>
      (await import('./gen-command.ts')).genCommand(job, options, terminal, signal),
    );
}
