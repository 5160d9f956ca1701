import { type Command, Option } from 'commander';
import { parseLogTarget } from '../report/log-target.ts';
import { ENGINE_NAMES } from './choose-engine.ts';
import { parseBytes } from './parse-bytes.ts';
import { parseEndpoint } from './parse-endpoint.ts';
import { collectPair, type Pair, parseCount } from './terminal.ts';

const NO_PAIRS: readonly Pair[] = [];

export function setOption(): Option {
  return new Option('--set <name=value>', 'a parameter of the job; may be given again')
    .argParser(collectPair('--set'))
    .default(NO_PAIRS, 'the defaults of the job file');
}

export function onlyOption(): Option {
  return new Option('--only <column=value>', 'narrow to a partition; may be given again')
    .argParser(collectPair('--only'))
    .default(NO_PAIRS, 'all partitions');
}

export function endpointOption(): Option {
  return new Option(
    '--s3-endpoint <url>',
    'the address of an S3 other than AWS (AWS_ENDPOINT_URL_S3)',
  ).argParser(parseEndpoint);
}

export function scratchOption(): Option {
  return new Option(
    '--scratch <folder>',
    'where spilled and fetched data go (beside local outputs, else TMPDIR)',
  );
}

export function jobOption(): Option {
  return new Option('--job <job>', 'the job whose run it is, where its id alone does not tell');
}

export function jsonOption(): Option {
  return new Option('--json', 'print one JSON document to stdout, all else to stderr');
}

export function debugOption(): Option {
  return new Option('--debug', 'print the stack of an error');
}

export function logOption(): Option {
  return new Option(
    '--log <target>',
    'write a line of JSON for each event: json (to stderr), a file, or cloudwatch:GROUP[:STREAM]',
  ).argParser(parseLogTarget);
}

/** Where tasks run. */
export function addEngineOptions(command: Command): Command {
  return command
    .addOption(new Option('--engine <engine>', 'where tasks run').choices(ENGINE_NAMES).default('local'))
    .addOption(
      new Option('--slurm-args <args>', 'arguments for sbatch, such as "--partition=long --time=1:00:00"'),
    )
    .option('--batch-queue <queue>', 'the job queue of AWS Batch, by name or ARN')
    .option('--batch-job-definition <definition>', 'the job definition of its tasks, by name or ARN')
    .option('--spark-master <url>', "Spark's master, such as spark://host:7077 or local[*]")
    .addOption(
      new Option('--spark-conf <name=value>', 'a setting of Spark; may be given again')
        .argParser(collectPair('--spark-conf'))
        .default(NO_PAIRS, 'those of Spark'),
    )
    .option('--spark-archive <file>', 'what pitwall pack made, for executors without Pitwall')
    .addOption(new Option('--spark-socket <path>', 'where a driver of Spark connects to').hideHelp());
}

/** How tasks are run: `run` and `resume` have these in common. */
export function addRunOptions(command: Command): Command {
  return addEngineOptions(command)
    .option('--workers <n>', 'worker processes (one for every four threads)', parseCount('--workers'))
    .option('--threads <n>', 'threads of all workers together (all processors)', parseCount('--threads'))
    .option(
      '--memory <size>',
      "memory for DuckDB in all workers together, such as 4GB (60 % of the machine's)",
      parseBytes('--memory'),
    )
    .addOption(scratchOption())
    .option(
      '--single-writer',
      'use a store without conditional writes: no other run of the job may be at work meanwhile',
    )
    .option('--allow-partial', 'publish what was made although tasks failed')
    .option('--wait', 'wait while another run of the job is at work')
    .option(
      '--lease-ttl <seconds>',
      'after how long without a sign of life a run counts as dead (30)',
      parseCount('--lease-ttl'),
    )
    .addOption(logOption())
    .addOption(jsonOption())
    .option('--quiet', 'print nothing but warnings and errors')
    .addOption(debugOption());
}
