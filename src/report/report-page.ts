import { formatCost } from '../plan/estimate-cost.ts';
import { count, formatBytes, formatNumber } from '../plan/text-amounts.ts';
import type { TimelineBar } from './collect-timeline.ts';
import { Html, html } from './html.ts';
import { type Redact, redactedJson } from './redact.ts';
import { REPORT_STYLE } from './report-style.ts';
import { argumentsTable, checksTable, outputsTable, stepsTable, tasksTable } from './report-tables.ts';
import type { RunResults } from './run-results.ts';
import { timelineSvg } from './timeline-svg.ts';

/** What report.html shows. */
export interface ReportPage {
  readonly results: RunResults;
  readonly timeline: readonly TimelineBar[];
  readonly warnings: readonly string[];
}

/** One page about a run that needs nothing from elsewhere and runs nothing: no script, no font, no image. Without secrets. */
export function reportPage(page: ReportPage, redact: Redact): string {
  const shown: ReportPage = JSON.parse(redactedJson(page, redact));
  const { results } = shown;
  const { pitwall: run, metadata } = results;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${run.job}: ${run.status}</title>
<style>${new Html(REPORT_STYLE)}</style>
</head>
<body>
<h1>${run.job}<span class="status ${STATUS_CLASS[run.status]}">${run.status}</span></h1>
<p class="soft">run <code>${run.run_id}</code>, ended ${metadata.generated_at}, pitwall ${metadata.pitwall_version}, engine ${run.engine}</p>
${'message' in run ? html`<p class="error">${run.message}</p>` : NOTHING}
${figures(shown)}
${list('Warnings', shown.warnings)}
${list('Not made', missingOf(results))}
${section('Timeline', timeline(shown))}
${section('Steps', stepsTable(results))}
${section('Tasks', tasksTable(results))}
${section('Checks', checksTable(results))}
${section('Outputs', outputsTable(results))}
${section('Asked for', argumentsTable(results))}
</body>
</html>
`.text;
}

const NOTHING = new Html('');

const STATUS_CLASS: Readonly<Record<RunResults['pitwall']['status'], string>> = {
  succeeded: 'good',
  unchanged: 'good',
  partial: 'warn',
  interrupted: 'warn',
  failed: 'bad',
};

function section(title: string, content: Html | undefined): Html {
  return content === undefined ? NOTHING : html`<h2>${title}</h2>\n<div class="wide">${content}</div>`;
}

function list(title: string, items: readonly string[]): Html {
  if (items.length === 0) return NOTHING;
  return section(title, html`<ul>${items.map((item) => html`<li>${item}</li>\n`)}</ul>`);
}

function figures({ results }: ReportPage): Html {
  const { pitwall: run } = results;
  const common: [string, string][] = [['time', `${run.elapsed_s} s`]];
  if (!('outputs' in run)) return figureList(common);
  const bytes = run.outputs.reduce((total, output) => total + output.bytes, 0);
  return figureList([
    ...common,
    ['rows', formatNumber(run.rows)],
    ['read', formatBytes(run.input_bytes)],
    ['published', `${count(run.outputs.length, 'file')}, ${formatBytes(bytes)}`],
    ['tasks', `${run.tasks.run} run, ${run.tasks.skipped} skipped, ${run.tasks.failed} failed`],
    ...costFigures(run.cost),
  ]);
}

type CostOfResult = Extract<RunResults['pitwall'], { readonly outputs: unknown }>['cost'];

function costFigures(cost: CostOfResult): [string, string][] {
  if (cost === undefined) return [];
  return [
    ['cost', formatCost(cost.actual)],
    ['cost, estimated', formatCost(cost.estimate)],
  ];
}

function figureList(items: readonly (readonly [string, string])[]): Html {
  return html`<dl class="figures">${items.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>\n`)}</dl>`;
}

function missingOf({ pitwall: run }: RunResults): string[] {
  if (!('missing' in run)) return [];
  return (run.missing ?? []).map(({ step, index, message }) => `${step} ${index}: ${message}`);
}

const UNUSUAL = ['failed', 'retried', 'open'] as const;
const SAID = { failed: 'failed', retried: 'run again', open: 'stopped' };

function timeline({ timeline: bars }: ReportPage): Html | undefined {
  if (bars.length === 0) return undefined;
  const steps = [...new Set(bars.map(({ stepId }) => stepId))];
  const unusual = UNUSUAL.filter((status) => bars.some((bar) => bar.status === status));
  const legend = [
    ...steps.map((step, index) => html`<span><i class="step${index % 8}"></i>${step}</span>\n`),
    ...unusual.map((status) => html`<span><i class="${status}"></i>${SAID[status]}</span>\n`),
  ];
  return html`<div class="legend">${legend}</div>\n${timelineSvg(bars, steps)}`;
}
