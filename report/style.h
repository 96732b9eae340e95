// The look of report.html: colours of both schemes as variables, charts of SVG classes (see svg_chart.h).
#pragma once

namespace dragoman {

inline constexpr char kReportStyle[] = R"css(:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --edge: #dde1e6; --text: #1c2127; --faint: #59636e; --grid: #e6e9ed;
  --c0: #0b62c4; --c1: #c2410c; --good: #17723a;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171b; --card: #1d2126; --edge: #343a42; --text: #e5e9ee; --faint: #9da8b4; --grid: #2d333a;
    --c0: #6cb2ff; --c1: #ffa066; --good: #6fd48f;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1.5rem clamp(0.75rem, 3vw, 2.5rem) 2rem; max-width: 92rem;
  background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
  overflow-wrap: anywhere;
}
h1 { margin: 0; font-size: 1.6rem; line-height: 1.25; }
h2 { margin: 2rem 0 0.75rem; font-size: 1.2rem; }
h3 { margin: 0 0 0.5rem; font-size: 1rem; }
.state { margin: 0.25rem 0 0.75rem; color: var(--faint); }
.state.running::before { content: "\25CF\00A0"; color: var(--good); }
dl { margin: 0; }
dt { color: var(--faint); font-size: 0.85rem; }
dd { margin: 0; }
.facts { display: flex; flex-wrap: wrap; gap: 0.25rem 1.75rem; }
.facts div { display: flex; gap: 0.5rem; align-items: baseline; }
.tiles {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 9rem), 1fr)); gap: 0.75rem; margin-top: 1rem;
}
.tile, figure, article, .corpus, .wide { background: var(--card); border: 1px solid var(--edge); border-radius: 8px; }
.tile { padding: 0.6rem 0.9rem; display: flex; flex-direction: column; }
.tile .name, .tile .note { color: var(--faint); font-size: 0.8rem; }
.tile .value { font-size: 1.4rem; font-weight: 600; font-variant-numeric: tabular-nums; line-height: 1.3; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 1rem; }
figure { margin: 0; padding: 0.8rem 0.9rem 0.5rem; }
figcaption { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0.1rem 0.9rem; margin-bottom: 0.4rem; }
figcaption small { color: var(--faint); }
.legend { display: flex; flex-wrap: wrap; gap: 0 0.9rem; margin-left: auto; font-size: 0.85rem; }
.legend i {
  display: inline-block; width: 1.1em; height: 0; margin-right: 0.4em; vertical-align: 0.28em; border-top: 3px solid var(--c0);
}
.legend i.s1 { border-color: var(--c1); }
.legend i.ring { width: 0.8em; height: 0.8em; vertical-align: -0.08em; border: 2px solid var(--good); border-radius: 50%; }
svg.chart { display: block; width: 100%; height: auto; font-size: 12.5px; }
.chart .plot { fill: none; stroke: var(--edge); }
.chart .grid { stroke: var(--grid); }
.chart text { fill: var(--faint); font-variant-numeric: tabular-nums; }
.chart .axis { fill: var(--text); }
.chart .line { fill: none; stroke: var(--c0); stroke-width: 1.8; stroke-linejoin: round; }
.chart .line.s1 { stroke: var(--c1); }
.chart .dot { fill: var(--c0); }
.chart .dot.s1 { fill: var(--c1); }
.chart .area { fill: var(--c0); fill-opacity: 0.14; stroke: none; }
.chart .area.s1 { fill: var(--c1); }
.chart .best { fill: none; stroke: var(--good); stroke-width: 2; }
.samples { columns: 26rem; column-gap: 1rem; margin-bottom: -1rem; }
article { padding: 0.8rem 0.9rem; margin-bottom: 1rem; break-inside: avoid; }
article dl > div + div { margin-top: 0.45rem; }
.reference dd { color: var(--good); }
.now dd { font-weight: 600; }
article details { margin-top: 0.6rem; }
summary { cursor: pointer; color: var(--faint); }
details > dl, details > h3 { margin-top: 0.75rem; }
.corpora { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); gap: 1rem; align-items: start; }
.corpus { padding: 0.9rem; display: grid; grid-template-columns: minmax(0, 1fr); gap: 0.75rem; }
.corpus h3 { margin: 0; }
.corpus .wide, .corpus figure { border: 0; padding: 0; }
.wide { overflow-x: auto; padding: 0.35rem 0.9rem; }
table { border-collapse: collapse; width: 100%; }
th, td { padding: 0.28rem 0.9rem 0.28rem 0; text-align: left; vertical-align: top; font-weight: normal; }
tr + tr > *, thead + tbody > tr > * { border-top: 1px solid var(--grid); }
thead th { color: var(--faint); font-size: 0.85rem; }
.numbers td, .numbers thead th + th { text-align: right; }
.counts td { font-variant-numeric: tabular-nums; }
.settings tbody th, .settings tbody td:nth-child(2) { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: 0.85rem; }
.settings tbody th { white-space: nowrap; }
.settings td { min-width: 5rem; }
.settings td:last-child { color: var(--faint); min-width: 14rem; }
footer { margin-top: 2rem; color: var(--faint); font-size: 0.85rem; }
)css";

}  // namespace dragoman
