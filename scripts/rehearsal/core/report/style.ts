/** The page's looks: system fonts, both colour schemes, one column on a phone. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #fff; --ink: #1a2230; --soft: #5b6677; --line: #dde2ea; --track: #eceff4;
  --blue: #2f6fd6; --green: #16915a; --good: #14804f; --bad: #c62f3b; --kind0: #98a4b5; --kind1: #7a4fd0;
  --kind2: #c2760c; --held: #d6336c; --pause: #f2b6c8;
  --blue-tint: #2f6fd614; --green-tint: #16915a17;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #10141b; --card: #181e28; --ink: #e8ecf3; --soft: #9aa6b8; --line: #2b3442; --track: #242d3a;
    --blue: #6ea1f5; --green: #4cc38a; --good: #4cc38a; --bad: #ff7480; --kind0: #66748a; --kind1: #a98bf5;
    --kind2: #e8a33d; --held: #ff6b9d; --pause: #7a2d48;
    --blue-tint: #6ea1f51c; --green-tint: #4cc38a1c;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  -webkit-text-size-adjust: 100%;
}
main { max-width: 980px; margin: 0 auto; padding: 16px 16px 48px; }
section, header.verdict {
  background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 20px; margin: 0 0 16px;
}
header.verdict { border-left: 8px solid var(--good); }
header.verdict.broken { border-left-color: var(--bad); }
.verdict .eyebrow { margin: 0; color: var(--soft); font-size: 14px; }
h1 { margin: 4px 0 8px; font-size: clamp(24px, 5vw, 34px); line-height: 1.2; overflow-wrap: anywhere; }
h2 { margin: 0 0 4px; font-size: 20px; line-height: 1.3; }
h3 { margin: 20px 0 4px; font-size: 17px; }
p { margin: 0 0 12px; max-width: 74ch; }
p.after { margin: 12px 0 0; }
.lead { margin: 0; font-size: 17px; }
.soft { color: var(--soft); }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(140px, 1fr)); gap: 12px; margin: 0 0 16px; }
.figure { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 12px 16px; }
.figure b { display: block; font-size: 26px; line-height: 1.2; font-variant-numeric: tabular-nums; }
.figure span { color: var(--soft); font-size: 14px; }
.figure.bad b { color: var(--bad); }
ul.promises { list-style: none; margin: 12px 0 0; padding: 0; display: grid; gap: 8px; }
.promises li { display: grid; grid-template-columns: 24px 1fr; gap: 8px; }
.promises li > div { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 330px), 1fr)); column-gap: 16px; }
.promises .tick { font-weight: 700; color: var(--good); }
.promises .broken .tick, .promises .broken b { color: var(--bad); }
.promises b { font-weight: 600; }
.promises span { color: var(--soft); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: 7px 10px 7px 0; text-align: left; border-top: 1px solid var(--line); vertical-align: middle; }
thead th { border-top: 0; color: var(--soft); font-weight: 500; font-size: 14px; }
tbody th { font-weight: 500; overflow-wrap: break-word; }
td.soft { white-space: nowrap; }
td.number, th.number { text-align: right; white-space: nowrap; }
td.wide { width: 50%; padding-right: 20px; }
td.bad { color: var(--bad); font-weight: 700; }
.bar, .stack { display: block; width: 100%; height: 12px; border-radius: 4px; }
.stack { height: 26px; border-radius: 6px; margin: 8px 0; }
.bar .track { fill: var(--track); }
.bar .plain { fill: var(--kind0); } .bar .blue { fill: var(--blue); } .bar .green { fill: var(--green); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr)); gap: 8px 20px; margin: 8px 0; }
.chart { display: block; width: 100%; height: auto; }
.chart text { fill: var(--soft); font-size: 11.5px; font-variant-numeric: tabular-nums; }
.chart .title { fill: var(--ink); font-size: 12px; }
.chart .note { font-size: 11.5px; } .chart .strong { fill: var(--held); font-weight: 700; }
.chart .grid { stroke: var(--line); stroke-width: 1; }
.chart .side-blue { fill: var(--blue-tint); } .chart .side-green { fill: var(--green-tint); }
.chart .pause { fill: var(--pause); }
.chart .kind0 { fill: var(--kind0); } .chart .kind1 { fill: var(--kind1); } .chart .kind2 { fill: var(--kind2); }
.chart .held { fill: var(--held); } .chart .failed { stroke: var(--bad); stroke-width: 2.5; fill: none; }
.chart .failed-bar { fill: var(--bad); }
.legend { display: flex; flex-wrap: wrap; gap: 4px 16px; margin: 0; padding: 0; list-style: none; font-size: 14px; color: var(--soft); }
.legend i { display: inline-block; width: 10px; height: 10px; border-radius: 3px; margin-right: 6px; }
.side { font-weight: 600; } .side.blue { color: var(--blue); } .side.green { color: var(--green); }
.step0 { fill: #5b7db8; background: #5b7db8; } .step1 { fill: #4a9d8e; background: #4a9d8e; }
.step2 { fill: #c99339; background: #c99339; } .step3 { fill: #b8607c; background: #b8607c; }
.step4 { fill: #7f6bb3; background: #7f6bb3; } .step5 { fill: #7d8794; background: #7d8794; }
.legend-mark { display: inline-block; width: 10px; height: 10px; border-radius: 3px; margin-right: 8px; }
details summary { cursor: pointer; padding: 6px 0; font-weight: 600; }
details td:first-child { white-space: nowrap; color: var(--soft); }
footer { color: var(--soft); font-size: 14px; }
.i-kind0 { background: var(--kind0); } .i-kind1 { background: var(--kind1); } .i-kind2 { background: var(--kind2); }
.i-held { background: var(--held); } .i-pause { background: var(--pause); } .i-failed { background: var(--bad); }
@media (max-width: 520px) {
  table { font-size: 15px; }
  main { padding: 8px 8px 32px; }
  section, header.verdict { padding: 16px 14px; }
  .figures { grid-template-columns: 1fr 1fr; gap: 8px; }
  td.wide { width: 26%; }
  th, td { padding-right: 8px; }
}
@media print { body { background: none; } section, header.verdict, .figure { break-inside: avoid; } }
`;
