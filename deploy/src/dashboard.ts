import { Duration } from 'aws-cdk-lib';
import {
  type Alarm,
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type GraphWidgetProps,
  LogQueryVisualizationType,
  LogQueryWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { type RunMetric, runMetric, runMetricByJob, type Statistic } from './run-metrics.ts';

export interface DashboardProps {
  readonly alarms: readonly Alarm[];
  readonly runs: IFunction;
  readonly logs: ILogGroup;
}

const PERIOD = Duration.minutes(5);
const HALF = { width: 12, height: 6 };
const WHOLE = { width: 24, height: 8 };

/** One page: what is wrong, what runs, what it costs, and the last errors. */
export function createDashboard(scope: Construct, { alarms, runs, logs }: DashboardProps): Dashboard {
  const dashboard = new Dashboard(scope, 'Dashboard', { defaultInterval: Duration.days(7) });
  dashboard.addWidgets(new AlarmStatusWidget({ title: 'Alarms', alarms: [...alarms], width: 24, height: 3 }));
  dashboard.addWidgets(
    graph('Runs', ['Succeeded', 'Failed']),
    byJob('Duration of a run, ms', 'Duration', 'MAX'),
  );
  dashboard.addWidgets(
    byJob('Rows', 'Rows', 'SUM'),
    graph('Bytes', ['InputBytes', 'OutputBytes', 'SpillBytes']),
  );
  dashboard.addWidgets(
    graph('Tasks', ['Tasks', 'FailedTasks', 'Retries']),
    byJob('Estimated cost, US dollars', 'EstimatedCost', 'SUM'),
  );
  dashboard.addWidgets(functionGraph(runs), lastErrors(logs));
  return dashboard;
}

function graph(title: string, names: readonly RunMetric[]): GraphWidget {
  return half({ title, left: names.map((name) => runMetric(name, 'SUM', PERIOD)) });
}

function byJob(title: string, name: RunMetric, statistic: Statistic): GraphWidget {
  return half({ title, left: [runMetricByJob(name, statistic, PERIOD)] });
}

function functionGraph(runs: IFunction): GraphWidget {
  const invocations = runs.metricInvocations({ period: PERIOD });
  const errors = runs.metricErrors({ period: PERIOD });
  return new GraphWidget({
    ...WHOLE,
    title: 'Function',
    left: [invocations, errors],
    right: [runs.metricDuration({ statistic: 'Maximum', period: PERIOD })],
  });
}

function lastErrors(logs: ILogGroup): LogQueryWidget {
  return new LogQueryWidget({
    ...WHOLE,
    title: 'Last errors',
    logGroupNames: [logs.logGroupName],
    view: LogQueryVisualizationType.TABLE,
    queryLines: [
      'fields @timestamp, job, run, step, task, attempt, msg',
      'filter level = "error"',
      'sort @timestamp desc',
      'limit 50',
    ],
  });
}

function half(props: GraphWidgetProps): GraphWidget {
  return new GraphWidget({ ...HALF, ...props });
}
