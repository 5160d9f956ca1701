import { describe, expect, it } from 'vitest';
import type { TimelineBar } from '../../src/report/collect-timeline.ts';
import { collectTimeline } from '../../src/report/collect-timeline.ts';
import { escapeHtml, html } from '../../src/report/html.ts';
import { createRedactor } from '../../src/report/redact.ts';
import { reportPage } from '../../src/report/report-page.ts';
import { type RunResults, toRunResults } from '../../src/report/run-results.ts';
import { timelineSvg } from '../../src/report/timeline-svg.ts';

const EVIL = '<script>alert("1")</script><img src=https://evil.example/x onerror=alert(1)>\'"&';
const CANARY = 'kanarienvogel-im-bergwerk';

function someResults(text: string): RunResults {
  const node = { execution_time: 1.5, failures: null, rows: 3, timing: [] };
  return toRunResults({
    run: {
      ...{
        run_id: text,
        job: text,
        status: 'partial',
        engine: text,
        elapsed_s: 2,
        input_bytes: 3,
        rows: 1_234_567,
      },
      tasks: { total: 2, run: 1, skipped: 0, failed: 1 },
      outputs: [{ path: text, rows: 1, bytes: 15, sha256: '' }],
      checks: [],
      missing: [{ step: text, index: 1, partitions: [], message: text }],
    },
    tasks: [
      { unique_id: `task.${text}.${text}.0`, status: 'success', message: null, ...node },
      { unique_id: `task.${text}.${text}.1`, status: 'error', message: text, ...node },
    ],
    checks: [{ name: text, severity: 'warn', violations: 2, examples: [text] }],
    args: { set: { [text]: text } },
    version: text,
  });
}

function bar(changes: Partial<TimelineBar> = {}): TimelineBar {
  return { stepId: 'stats', index: 0, worker: 0, startMs: 0, endMs: 10, status: 'committed', ...changes };
}

const page = (text: string, redact = (shown: string) => shown) =>
  reportPage({ results: someResults(text), timeline: [bar({ stepId: text })], warnings: [text] }, redact);

describe('report.html', () => {
  it('has no element or attribute that a text of the run made', () => {
    const text = page(EVIL);
    const elements = [...text.matchAll(/<(?:!|\/?)([a-z][a-z0-9]*)/gi)].map(([, name]) => name);
    const own = [
      'doctype',
      'html',
      'head',
      'meta',
      'title',
      'style',
      'body',
      'h1',
      'h2',
      'p',
      'span',
      'code',
      'dl',
    ];
    const more = [
      'div',
      'dt',
      'dd',
      'ul',
      'li',
      'i',
      'svg',
      'rect',
      'line',
      'text',
      'table',
      'thead',
      'tbody',
    ];
    const known = new Set([...own, ...more, 'tr', 'th', 'td']);
    expect(elements.filter((name) => !known.has(name ?? ''))).toEqual([]);
    expect(text.match(/<[^>]*\son\w+\s*=/)).toBeNull();
    expect(text).toContain(escapeHtml(EVIL));
  });

  it('needs nothing from elsewhere, and a browser is told to load nothing', () => {
    const text = page('plain');
    expect(text).not.toMatch(/https?:|\/\/|\bsrc\s*=|\bhref\s*=|url\(|@import|<script|<link/i);
    expect(text).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
  });

  it('has no secret, in a text or by its key', () => {
    const results = { ...someResults('plain'), args: { set: { password: 'open sesame' } } };
    const redact = createRedactor({ A_TOKEN: CANARY });
    const text = reportPage({ results, timeline: [], warnings: [`a ${CANARY}`] }, redact);
    expect(text).not.toContain(CANARY);
    expect(text).not.toContain('open sesame');
    expect(text).toContain('<li>a ***</li>');
  });

  it('tells what the run did', () => {
    const text = page('plain');
    for (const part of ['1,234,567', 'partial', '<h2>Checks</h2>', '<h2>Outputs</h2>', '<h2>Not made</h2>'])
      expect(text).toContain(part);
    expect(text.indexOf('plain.1')).toBeLessThan(text.indexOf('plain.0'));
  });

  it('is looked at by light and in the dark', () => {
    expect(page('plain')).toContain('@media (prefers-color-scheme: dark)');
  });
});

describe('HTML', () => {
  it('is made of escaped texts and of pieces that are HTML already', () => {
    const inner = [html`<i>${'<'}</i>`, html`<b title="${'"'}">${3}</b>`];
    expect(html`<p>${inner} ${"'&'"}</p>`.text).toBe(
      '<p><i>&lt;</i><b title="&quot;">3</b> &#39;&amp;&#39;</p>',
    );
  });

  it('has no character that it may not hold', () => {
    expect(escapeHtml('a\0b\ud800c\n😀')).toBe('a\ufffdb\ufffdc\n😀');
  });
});

describe('the timeline', () => {
  it('has a bar for each attempt, by the worker that was at it', () => {
    let now = 100;
    const timeline = collectTimeline(() => now);
    const tell = (atMs: number, kind: 'task started' | 'task retried' | 'task committed', worker: number) => {
      now = 100 + atMs;
      const event = {
        stepId: 'stats',
        index: worker,
        worker,
        attempt: '',
        reason: '',
        rows: 0,
        elapsedMs: 0,
      };
      timeline.event({ kind: 'task', event: { ...event, kind } });
    };
    tell(0, 'task started', 1);
    tell(2, 'task started', 0);
    tell(5, 'task retried', 1);
    tell(6, 'task started', 1);
    tell(9, 'task committed', 0);
    now = 120;
    expect(timeline.bars()).toEqual([
      bar({ startMs: 2, endMs: 9 }),
      bar({ index: 1, worker: 1, startMs: 0, endMs: 5, status: 'retried' }),
      bar({ index: 1, worker: 1, startMs: 6, endMs: 20, status: 'open' }),
    ]);
  });

  it('has a task that nobody saw beginning, for as long as it says that it took', () => {
    let now = 0;
    const timeline = collectTimeline(() => now);
    now = 90;
    const event = { kind: 'task committed', stepId: 'stats', index: 0, worker: 0, rows: 1 } as const;
    timeline.event({ kind: 'task', event: { ...event, elapsedMs: 60 } });
    expect(timeline.bars()).toEqual([bar({ startMs: 30, endMs: 90 })]);
  });

  it('of 200,000 tasks has no more bars than can be told apart', () => {
    const bars = Array.from({ length: 200_000 }, (_, index) =>
      bar({ index, worker: index % 4, startMs: index, endMs: index + 1 }),
    );
    const { text } = timelineSvg(bars, ['stats']);
    expect(text.match(/<rect/g)?.length).toBeLessThan(4 * 2000);
    expect(text).toContain(' tasks of stats: committed');
  });
});
