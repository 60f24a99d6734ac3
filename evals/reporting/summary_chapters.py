"""Chapters that say what was run, how it stands, and all its figures with their definitions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from evals.comparison.verdict import Verdict
from evals.reporting.page import (
    Banner,
    Block,
    Bullets,
    Cell,
    Chapter,
    Column,
    Paragraph,
    Span,
    Table,
    Term,
    Terms,
    Tone,
)
from evals.reporting.report import Report
from evals.reporting.words import show_count, show_interval, show_number
from evals.running.runs import RunManifest
from evals.scoring.measures import MEASURES
from evals.scoring.summary import Figure

VERDICT_TONES = {Verdict.PASS: Tone.GOOD, Verdict.FAIL: Tone.BAD, Verdict.UNDERPOWERED: Tone.OPEN}
FIGURE_COLUMNS = (
    Column("Measure", numeric=False),
    Column("Better", numeric=False, hint="Which way is better."),
    Column("Figure"),
    Column("95 % interval", hint="Over subjects: alerts of one subject count as one draw."),
    Column("Where it lies", numeric=False, hint="From 0 on the left to the largest value there can be on the right."),
    Column("Alerts", hint="Alerts to which the measure applies."),
    Column("Subjects"),
    Column("Out of", hint="The sum of what was counted: alerts, quotes, events …, epochs averaged."),
)


def write_summary(report: Report) -> Chapter:
    """The verdict, the primaries and guards, the floors."""
    blocks = list[Block]()
    if missing := word_missing(report.manifest, len(report.samples)):
        blocks.append(Banner("INCOMPLETE", f"{missing}: the figures are of a part of the cases.", Tone.BAD))
    if report.gate is None:
        blocks.append(
            Paragraph(
                "No other run was given to compare with, so there is no verdict: these are the figures of one run.",
                Tone.QUIET,
            )
        )
    else:
        verdict = report.gate.verdict
        reasons = [check.text for check in report.gate.checks if check.verdict is verdict and check.name != "verdict"]
        said = {
            Verdict.PASS: "every check of the gate is kept.",
            Verdict.FAIL: f"{len(reasons)} checks of the gate are broken.",
            Verdict.UNDERPOWERED: f"these cases cannot tell; {len(reasons)} checks of the gate stay open.",
        }[verdict]
        blocks.append(Banner(verdict.value, f"Against {report.gate.baseline}: {said}", VERDICT_TONES[verdict]))
        if verdict is not Verdict.PASS:
            blocks.append(Bullets("", tuple(reasons)))
    blocks.append(_primary_table(report))
    blocks.append(_floor_table(report))
    return Chapter("summary", "In short", tuple(blocks))


def word_missing(manifest: RunManifest, samples: int) -> str:
    """What a run lacks to be whole; nothing where it is."""
    wanted = manifest.cases * manifest.epochs
    if samples == wanted and manifest.finished_at is not None:
        return ""
    return f"{samples} of {wanted} samples{'' if manifest.finished_at is not None else ', not finished'}"


def write_manifest(report: Report) -> Chapter:
    """What was run."""
    shown = report.manifest
    splits = (f"{split}: {cases} cases of {subjects} subjects" for split, (cases, subjects) in report.coverage.items())
    endings = f"{shown.finished_at:%Y-%m-%d %H:%M} UTC" if shown.finished_at is not None else "not finished"
    rows = [
        ("Run", shown.run_id),
        ("Drafter", shown.drafter),
        ("Prompt", shown.prompt or "none"),
        ("Model", shown.model or "none"),
        ("Parameters", json.dumps(shown.parameters, ensure_ascii=False, sort_keys=True, default=str)),
        ("Cases", "; ".join(splits)),
        ("Epochs", str(shown.epochs)),
        ("Samples", str(len(report.samples))),
        ("Started", f"{shown.started_at:%Y-%m-%d %H:%M} UTC"),
        ("Finished", endings),
        ("Replayed", "yes: times are the recorded ones" if shown.replayed else "no"),
        ("Code", f"{shown.code_version} ({shown.code_revision or 'revision not known'})"),
        ("Prices", shown.prices_date or "none known"),
        ("Cases' hash", shown.cases_hash),
        ("References' hash", shown.references_hash),
        ("Policy's hash", shown.policy_hash),
        ("Note", shown.note or "none"),
    ]
    return Chapter("run", "What was run", (Terms(tuple(Term(name, text) for name, text in rows)),))


def write_figures(report: Report) -> Chapter:
    """Every measure, in the order of the registry."""
    rows, group = list[tuple[Cell, ...]](), ""
    for figure in report.figures:
        info = MEASURES[figure.measure]
        heading = "primary measures" if figure.measure in report.primaries else info.group
        if heading != group:
            group = heading
            rows.append((Cell(group.capitalize()),))
        rows.append(figure_row(figure))
    note = (
        "Each figure is a sum over a sum: all that was counted over all it was counted of. A failed alert counts as "
        "the worst in everything that applies to its case. A dash: the measure applies to no case."
    )
    return Chapter(
        "figures", "All figures", (Table("Every measure over the whole run", FIGURE_COLUMNS, tuple(rows), note),)
    )


def write_definitions() -> Chapter:
    """What every measure means."""
    rows = tuple(
        Term(f"{info.title} ({name}, {info.better} is better)", info.definition, f"def-{name}")
        for name, info in MEASURES.items()
    )
    return Chapter("definitions", "Definitions", (Terms(rows),))


def figure_row(figure: Figure) -> tuple[Cell, ...]:
    """A figure in the columns of ``FIGURE_COLUMNS``."""
    info = MEASURES[figure.measure]
    span = None
    if figure.value is not None and figure.low is not None and figure.high is not None:
        span = Span(figure.low / info.most, figure.value / info.most, figure.high / info.most)
    note = f" ({figure.note})" if figure.note and figure.value is not None else ""
    return (
        measure_cell(figure.measure),
        Cell(info.better, tone=Tone.QUIET),
        Cell(show_number(figure.value)),
        Cell(show_interval(figure.low, figure.high) + note),
        Cell("" if span is None else f"0 to {info.most:g}", span=span),
        Cell(str(figure.alerts)),
        Cell(str(figure.subjects)),
        Cell(show_count(figure.of)),
    )


def measure_cell(name: str) -> Cell:
    """A measure's title, its definition at hand."""
    info = MEASURES[name]
    return Cell(info.title, hint=info.definition, link=f"def-{name}")


def _primary_table(report: Report) -> Table:
    def rows(title: str, names: Sequence[str]) -> Iterator[tuple[Cell, ...]]:
        yield (Cell(title),)
        yield from (figure_row(report.figure(name)) for name in names)

    return Table(
        "Primary measures and guards",
        FIGURE_COLUMNS,
        (*rows("Primary measures", report.primaries), *rows("Guards", report.guards)),
        "Definitions stand at the end, and where the pointer rests on a measure's name.",
    )


def _floor_table(report: Report) -> Table:
    rows = tuple(
        (
            Cell(check.name),
            Cell(_floor_word(check.verdict), tone=VERDICT_TONES[check.verdict]),
            Cell(check.text),
        )
        for check in report.floors
    )
    columns = (Column("Floor", numeric=False), Column("State", numeric=False), Column("What was found", numeric=False))
    return Table("What a run must keep whatever it is compared with", columns, rows)


def _floor_word(verdict: Verdict) -> str:
    return {Verdict.PASS: "kept", Verdict.FAIL: "BROKEN", Verdict.UNDERPOWERED: "not shown"}[verdict]
