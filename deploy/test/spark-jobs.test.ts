import { describe, expect, test } from 'vitest';
import { onlyOf, synthesise } from './synth.ts';

const { pitwall } = synthesise();

describe('the jobs for Spark', () => {
  test('the one of Glue runs its script with the archive and the driver beside it', () => {
    const { Command, DefaultArguments, GlueVersion } = onlyOf(pitwall, 'AWS::Glue::Job').Properties;
    expect(Number(GlueVersion)).toBeGreaterThanOrEqual(5);
    expect(JSON.stringify(Command)).toContain('/pitwall/pitwall_glue.py');
    expect(JSON.stringify(DefaultArguments)).toContain('/pitwall/pitwall.tar.gz');
    expect(JSON.stringify(DefaultArguments)).toContain('/pitwall/pitwall_spark.py');
    expect(JSON.stringify(DefaultArguments)).toContain('run race_stats --set source=s3://');
    expect(JSON.stringify(DefaultArguments)).toContain(' --memory 3GB');
    expect(DefaultArguments).toMatchObject({ '--conf': 'spark.task.cpus=4' });
  });

  test('the one of EMR Serverless unpacks the archive under the name that the driver looks for', () => {
    const { EmrServerlessJob } = pitwall.toJSON().Outputs as { EmrServerlessJob: { Value: unknown } };
    const text = JSON.stringify(EmrServerlessJob.Value);
    expect(text).toContain('/pitwall/pitwall.tar.gz#pitwall');
    expect(text).toContain('/pitwall/pitwall_spark.py');
    expect(text).toContain('--conf spark.task.cpus=4');
  });

  test('an application of EMR Serverless stops by itself', () => {
    expect(onlyOf(pitwall, 'AWS::EMRServerless::Application').Properties).toMatchObject({
      AutoStartConfiguration: { Enabled: true },
      AutoStopConfiguration: { Enabled: true, IdleTimeoutMinutes: 5 },
    });
  });
});
