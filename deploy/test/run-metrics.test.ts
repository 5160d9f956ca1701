import { expect, test } from 'vitest';
import { toEmf } from '../../src/report/metric.ts';
import { collectMetrics } from '../../src/report/run-metrics.ts';
import { resourcesOf, synthesise } from './synth.ts';

test('what alarms and the dashboard look at is what a run writes', () => {
  const { pitwall } = synthesise();
  const watched = [
    ...resourcesOf(pitwall, 'AWS::CloudWatch::Alarm').values(),
    ...resourcesOf(pitwall, 'AWS::CloudWatch::Dashboard').values(),
  ];
  const queries = JSON.stringify(watched).matchAll(/(?:SUM|MAX)\((\w+)\) FROM SCHEMA\((\w+), ([\w, ]+)\)/g);
  const asked = [...queries].map(([, name, namespace, dimensions]) => ({ name, namespace, dimensions }));
  const written = collectMetrics().metrics(1);
  const { _aws } = toEmf({ job: 'a', engine: 'b' }, written) as {
    _aws: { CloudWatchMetrics: { Namespace: string; Dimensions: string[][] }[] };
  };
  const [{ Namespace, Dimensions } = { Namespace: '', Dimensions: [] }] = _aws.CloudWatchMetrics;
  const dimensions = Dimensions[0]?.join(', ');
  // Without a price there is no cost.
  const names = [...written.map(({ name }) => name), 'EstimatedCost'];
  expect(asked.length).toBeGreaterThan(10);
  for (const each of asked) {
    expect(each).toMatchObject({ namespace: Namespace, dimensions });
    expect(names).toContain(each.name);
  }
});
