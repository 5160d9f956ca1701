import { expect, it } from 'vitest';
import { batchEngine } from '../../src/engine/batch.ts';
import { slurmEngine } from '../../src/engine/slurm.ts';
import { sparkEngine } from '../../src/engine/spark.ts';
import { createRedactor } from '../../src/report/redact.ts';
import { resumeCommandLine, runCommandLine } from '../../src/report/shell-command.ts';

const ASKED = { ref: 'sales', cwd: '/my data', set: {}, only: {} };

const redact = createRedactor({});

it('the command to go on names the folder and how the run was run', () => {
  const limits = { workers: 2, threads: 4, memoryBytes: 4e9, allowPartial: true };
  const asked = { ...ASKED, ...limits, engine: { name: 'slurm' } };
  expect(resumeCommandLine("/o/it's here/r1", asked, redact)).toBe(
    "pitwall resume '/o/it'\\''s here/r1' --engine slurm --workers 2 --threads 4 --memory 4000000000 --allow-partial",
  );
  expect(resumeCommandLine('/o/r1', ASKED, redact)).toBe('pitwall resume /o/r1');
});

it.each([
  [
    slurmEngine({ args: ['--partition=long', '--comment=two words'] }),
    "--slurm-args '--partition=long '\\''--comment=two words'\\'''",
  ],
  [
    batchEngine({ queue: 'races', jobDefinition: 'task:3' }),
    '--batch-queue races --batch-job-definition task:3',
  ],
  [
    sparkEngine({
      master: 'spark://h:7077',
      conf: { 'spark.executor.cores': '4', 'spark.hadoop.fs.s3a.secret.key': 'hidden' },
      archive: '/a/pitwall.tar.gz',
    }),
    "--spark-master spark://h:7077 --spark-conf spark.executor.cores=4 --spark-conf 'spark.hadoop.fs.s3a.secret.key=***' --spark-archive /a/pitwall.tar.gz",
  ],
])('both commands have the options of the engine, without secrets', (engine, options) => {
  const asked = { ...ASKED, engine };
  const how = `--engine ${engine.name} ${options}`;
  expect(resumeCommandLine('/o/r1', asked, redact)).toBe(`pitwall resume /o/r1 ${how}`);
  expect(runCommandLine(asked, redact)).toBe(`cd '/my data' && pitwall run sales ${how}`);
});

it('both commands reach the same store, and only the one to run again plans anew', () => {
  const how = { s3Endpoint: 'http://store:9000', scratch: '/my scratch', singleWriter: true };
  const asked = { ...ASKED, ...how, fuseBelowBytes: 0, maxBytes: 1e9, maxCost: 2.5 };
  const shared = "--s3-endpoint http://store:9000 --scratch '/my scratch' --single-writer";
  expect(resumeCommandLine('/o/r1', asked, redact)).toBe(`pitwall resume /o/r1 ${shared}`);
  expect(runCommandLine(asked, redact)).toBe(
    `cd '/my data' && pitwall run sales ${shared} --fuse-below 0 --max-bytes 1000000000 --max-cost 2.5`,
  );
});

it('the command to run again has the parameters and partitions, without secrets', () => {
  const set = { source: 'a b', api_key: 'hidden', out: 's3://key:word@bucket/x' };
  const asked = { ...ASKED, set, only: { year: ['2023', '2024'] } };
  expect(runCommandLine(asked, createRedactor({}))).toBe(
    "cd '/my data' && pitwall run sales --set 'source=a b' --set 'api_key=***' --set 'out=s3://***@bucket/x' --only year=2023 --only year=2024",
  );
});
