"""The style sheet of the HTML report, for screens light and dark and for paper."""

from __future__ import annotations

from typing import Final

STYLE: Final = """
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --soft: #5c6670; --line: #d6dbe0; --wash: #f4f6f8;
  --link: #0b5a94; --mark: #0072b2; --good: #11683f; --bad: #b02a0c; --open: #7a5600; --same: #dcebf7; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ec; --paper: #15181b; --soft: #a3adb7; --line: #3a4149;
  --wash: #1f2429; --link: #7cc0f2; --mark: #56b4e9; --good: #6fd39d; --bad: #ff9a7d; --open: #f0c05a;
  --same: #1d3a52; } }
* { box-sizing: border-box; }
html { scroll-behavior: auto; }
body { margin: 0 auto; max-width: 76rem; padding: 1rem 1.25rem 4rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Liberation Sans", "DejaVu Sans", sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: .5rem 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .75rem; padding-top: .75rem; border-top: 2px solid var(--line); }
h3 { font-size: 1.05rem; margin: 1.25rem 0 .5rem; overflow-wrap: anywhere; }
header p, .note, .quiet { color: var(--soft); }
header p { margin: 0; overflow-wrap: anywhere; }
p, li, dd, td, th { overflow-wrap: break-word; }
a { color: var(--link); }
a:focus-visible, .wide:focus-visible { outline: 3px solid var(--mark); outline-offset: 2px; }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; background: var(--paper); padding: .5rem; }
nav ol { columns: 3 14rem; margin: 1rem 0 0; padding: .75rem .75rem .75rem 2.25rem; background: var(--wash);
  border-radius: 6px; font-size: .93rem; }
.banner { border: 2px solid var(--line); border-left-width: 10px; border-radius: 6px; padding: .6rem .9rem; }
.banner strong { font-size: 1.2rem; margin-right: .4rem; }
.banner.good { border-color: var(--good); } .banner.bad { border-color: var(--bad); }
.banner.open { border-color: var(--open); }
.good { color: var(--good); } .bad { color: var(--bad); } .open { color: var(--open); }
.bad { font-weight: 600; }
.banner.good, .banner.bad, .banner.open { color: var(--ink); font-weight: 400; }
.wide { overflow-x: auto; margin: 1rem 0 .25rem; }
table { border-collapse: collapse; font-size: .87rem; font-variant-numeric: tabular-nums; min-width: 40%; }
caption { text-align: left; font-weight: 600; font-size: .95rem; padding-bottom: .4rem; }
th, td { padding: .22rem .6rem; text-align: right; border-bottom: 1px solid var(--line); vertical-align: top; }
thead th { vertical-align: bottom; border-bottom: 2px solid var(--soft); font-weight: 600; }
tbody th { font-weight: 500; text-align: left; }
th:first-child { text-align: left; padding-left: .2rem; }
.words { text-align: left; }
.group th { padding-top: .9rem; font-weight: 700; color: var(--soft); }
small { display: block; color: var(--soft); font-size: .78rem; white-space: nowrap; }
.upright thead th:not(:first-child) span { writing-mode: vertical-rl; transform: rotate(180deg); white-space: nowrap; }
.upright th, .upright td { padding: .22rem .45rem; text-align: center; }
.upright tbody th, .upright thead th:first-child { text-align: left; }
td:not(.words) { white-space: nowrap; }
td.same { background: var(--same); font-weight: 600; }
abbr { text-decoration: underline dotted; text-underline-offset: 3px; cursor: help; }
th a { text-decoration-thickness: 1px; text-underline-offset: 2px; }
.note { font-size: .87rem; margin: .35rem 0 1rem; max-width: 60rem; }
.span { width: 100px; height: 14px; display: block; margin: .22rem 0; overflow: visible; }
.span .scale { stroke: var(--line); stroke-width: 1; } .span .interval { stroke: var(--mark); stroke-width: 2.5; }
.span circle { fill: var(--mark); }
figure { margin: 1rem 0; padding: .75rem; background: #fff; color: #1b1f24; border: 1px solid var(--line);
  border-radius: 6px; width: fit-content; max-width: 100%; }
figure svg { display: block; max-width: 100%; height: auto; font-family: inherit; }
figcaption { font-size: .87rem; color: #4a535c; margin-top: .4rem; max-width: 46rem; }
dl { display: grid; grid-template-columns: minmax(9rem, max-content) 1fr; gap: .25rem 1.25rem; margin: .5rem 0; }
dt { font-weight: 600; max-width: 22rem; } dd { margin: 0; overflow-wrap: anywhere; white-space: pre-line; }
dt:target, tr:target, .panel:target { background: var(--same); }
.panel { border: 1px solid var(--line); border-radius: 6px; padding: .25rem 1rem 1rem; margin: 1.25rem 0; }
.head { font-weight: 600; margin: .9rem 0 .25rem; }
ul { margin: .25rem 0; padding-left: 1.4rem; }
.claim { border-left: 3px solid var(--line); padding-left: .8rem; margin: .6rem 0; }
.claim p { margin: .15rem 0; }
.claim li { font-size: .93rem; }
@media (max-width: 40rem) { dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .5rem; } }
@media print {
  :root { --ink: #000; --paper: #fff; --soft: #444; --line: #bbb; --wash: #fff; --link: #000; --mark: #0072b2;
    --good: #11683f; --bad: #8f1f05; --open: #5c4100; --same: #e4e4e4; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  nav, .skip { display: none; }
  .wide { overflow: visible; }
  table { font-size: 7.5pt; } th, td { padding: .1rem .3rem; }
  figure, tr, .claim { break-inside: avoid; }
  h2, h3, caption { break-after: avoid; }
}
"""
