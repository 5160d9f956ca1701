/** The look of report.html, by light and in the dark. */
export const REPORT_STYLE = `
:root { color-scheme: light dark; --back: #ffffff; --card: #f5f6f8; --text: #1b1f24; --soft: #5b6570; --line: #d9dee4;
  --good: #1a7f37; --bad: #c62828; --warn: #9a6700; }
@media (prefers-color-scheme: dark) {
  :root { --back: #12161b; --card: #1b2128; --text: #e6e9ed; --soft: #9aa5b1; --line: #303942;
    --good: #56c271; --bad: #ff7b72; --warn: #e0af4a; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 64rem; background: var(--back); color: var(--text);
  font: 15px/1.5 system-ui, "Segoe UI", "Helvetica Neue", Arial, sans-serif; }
h1 { margin: 0; font-size: 1.6rem; overflow-wrap: anywhere; }
h2 { margin: 2.25rem 0 .6rem; font-size: 1.1rem; }
p { margin: .3rem 0; }
code, .mono { font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; font-size: .88em; overflow-wrap: anywhere; }
.soft { color: var(--soft); }
.status { display: inline-block; padding: .1rem .6rem; border: 1px solid currentColor; border-radius: 1rem; font-size: .85rem;
  font-weight: 600; vertical-align: .2rem; margin-left: .5rem; }
.good { color: var(--good); } .bad { color: var(--bad); } .warn { color: var(--warn); }
.error { margin: 1rem 0; padding: .75rem 1rem; border-left: 4px solid var(--bad); background: var(--card);
  white-space: pre-wrap; overflow-wrap: anywhere; }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(12rem, 1fr)); gap: .75rem; margin: 1.25rem 0 0; padding: 0; }
.figures div { padding: .6rem .8rem; background: var(--card); border-radius: .5rem; }
.figures dt { color: var(--soft); font-size: .8rem; }
.figures dd { margin: 0; font-size: 1.02rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: .9rem; }
th { text-align: left; color: var(--soft); font-weight: 500; }
th, td { padding: .3rem 1.4rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td { overflow-wrap: anywhere; } td.number, th.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
td.tight { white-space: nowrap; }
ul { margin: .3rem 0; padding-left: 1.2rem; } li { overflow-wrap: anywhere; }
svg { display: block; width: 100%; min-width: 40rem; height: auto; margin-top: .4rem; }
svg .label { fill: var(--soft); font: 11px system-ui, sans-serif; } svg .tick { stroke: var(--line); }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; font-size: .85rem; }
.legend i { display: inline-block; width: .8rem; height: .8rem; margin-right: .4rem; border-radius: 2px; vertical-align: -.05rem; }
.step0 { fill: #4477aa; background: #4477aa; } .step1 { fill: #66aabb; background: #66aabb; }
.step2 { fill: #228855; background: #228855; } .step3 { fill: #aa7733; background: #aa7733; }
.step4 { fill: #8866aa; background: #8866aa; } .step5 { fill: #bb6688; background: #bb6688; }
.step6 { fill: #778899; background: #778899; } .step7 { fill: #99aa33; background: #99aa33; }
.failed { fill: #d73a31; background: #d73a31; } .retried { fill: #e0a030; background: #e0a030; }
.open { fill: #99a2ad; background: #99a2ad; }
`;
