import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { debugOption, endpointOption, jsonOption, onlyOption, setOption } from './add-options.ts';
import { addRunCommands } from './add-run-commands.ts';
import { parseCount, type Terminal } from './terminal.ts';

/** Adds every command. What a command needs is imported when it runs: `--help` loads none of it. */
export function addCommands(program: Command, terminal: Terminal, signal: AbortSignal): Command {
  program
    .description('Partition-parallel SQL over CSV and Parquet, published whole or not at all.')
    .version(packageVersion(), '-V, --version')
    .showSuggestionAfterError()
    .enablePositionalOptions();
  addRunCommands(program, terminal, signal);
  addValidate(program, terminal);
  addPreview(program, terminal, signal);
  addQuery(program, terminal, signal);
  addTest(program, terminal, signal);
  addGen(program, terminal, signal);
  addHelp(program);
  return program.addHelpText('after', EXIT_CODES);
}

/** Commander's own shows the help of all for a name that it does not know, and says nothing of it. */
function addHelp(program: Command): void {
  program
    .helpCommand(false)
    .command('help [command]')
    .description('display help for a command')
    .action(async (name?: string) => {
      const names = program.commands.map((command) => command.name());
      const command = name === undefined ? program : program.commands[names.indexOf(name)];
      if (command !== undefined) return command.outputHelp();
      const { suggest } = await import('../job/suggest.ts');
      program.error(`unknown command '${name}'; ${suggest(name ?? '', names)}`);
    });
}

const EXIT_CODES = `
A <job> is a name under sql/ or a path to a folder with a job.yaml. A <run> is its id, the beginning of it, or the path
of its folder.
Exit codes: 0 done; 1 failed (data, checks, tasks, outputs); 2 usage, job file or SQL; 75 temporary; 130, 143 interrupted.`;

function packageVersion(): string {
  const manifest: { version: string } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  );
  return manifest.version;
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
    .addOption(endpointOption())
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
    .addOption(endpointOption())
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
    .requiredOption('--out <folder>', 'where the files go: a folder, or s3://bucket/prefix')
    .addOption(endpointOption())
    .addOption(debugOption())
    .action(async (job, options) =>
      (await import('./gen-command.ts')).genCommand(job, options, terminal, signal),
    );
}
