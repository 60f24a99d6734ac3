"""The chapter that holds a run against another: checks, paired figures, and the cases that went another way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evals.comparison.comparison import Comparison
from evals.comparison.figures import PairedFigure, Standing
from evals.comparison.flips import Direction, Flip, Shift
from evals.comparison.gate import GateReport
from evals.reporting.page import Block, Bullets, Cell, Chapter, Column, Panel, Paragraph, Table, Tone
from evals.reporting.spending import PLACES
from evals.reporting.summary_chapters import VERDICT_TONES, measure_cell
from evals.reporting.words import NOTHING, show_interval, show_number, show_percent, show_signed
from evals.scoring.measures import MEASURES

_STANDINGS = {Standing.WORSE: Tone.BAD, Standing.OPEN: Tone.OPEN, Standing.BETTER: Tone.GOOD}
_HEADINGS = {
    Direction.WORSE: "Worse than before",
    Direction.MIXED: "Better in something, worse in something else",
    Direction.BETTER: "Better than before",
    Direction.OTHER: "Scored otherwise, neither better nor worse",
}


def write_comparison(gate: GateReport) -> Chapter:
    """Everything that the gate and the comparison found."""
    shown = gate.comparison
    blocks: list[Block] = [
        Paragraph(
            f"{shown.cases} cases of {shown.subjects} subjects, {shown.samples} samples: {shown.alike} scored the "
            f"same, {shown.same_drafts} drafts the same word for word. Differences are this run minus {gate.baseline}, "
            "paired case by case."
        )
    ]
    blocks.append(Bullets("What was run otherwise", gate.differences or ("nothing that the manifests show",)))
    blocks.append(_check_table(gate))
    blocks.append(_tested_table("Primary measures", shown.primaries, shown))
    blocks.append(_tested_table("Guards: shown to be worse fails; they cannot pass a run", shown.guards, shown))
    if shown.others:
        blocks.append(_plain_table("Reported, not tested", shown.others))
    if shown.expense:
        blocks.append(_plain_table("Time, tokens and money an alert, not tested", shown.expense, bootstrap=True))
    blocks += _flip_panels(shown.flips)
    return Chapter("comparison", f"Against {gate.baseline}", tuple(blocks))


def _check_table(gate: GateReport) -> Table:
    rows = tuple(
        (
            Cell(f"{check.group}: {check.name}"),
            Cell(check.verdict.value, tone=VERDICT_TONES[check.verdict]),
            Cell(check.text),
        )
        for check in gate.checks
    )
    columns = (
        Column("Check", numeric=False),
        Column("Verdict", numeric=False),
        Column("What was found", numeric=False),
    )
    return Table(f"Checks of the gate, rules {gate.comparison.rules.name}", columns, rows)


def _tested_table(caption: str, figures: Sequence[PairedFigure], shown: Comparison) -> Table:
    columns = (
        Column("Measure", numeric=False),
        Column("Before"),
        Column("Now"),
        Column("Change"),
        Column("95 % interval"),
        Column("As bad as", hint="One-sided limit on the bad side."),
        Column("Margin", hint="How much worse it may get."),
        Column("p worse", hint="One-sided, after Holm within its family."),
        Column("Detectable", hint=f"True difference shown with a chance of {show_percent(shown.rules.power)}."),
        Column("Alerts / subjects"),
        Column("Standing", numeric=False),
    )
    rows = tuple(
        (
            measure_cell(one.measure),
            Cell(show_number(one.base)),
            Cell(show_number(one.new)),
            Cell(show_signed(one.difference)),
            Cell(show_interval(one.low, one.high, signed=True)),
            Cell(show_signed(one.worst)),
            Cell(show_number(one.margin)),
            Cell(show_number(one.p_worse_adjusted)),
            Cell(show_number(one.detectable)),
            Cell(f"{one.alerts} / {one.subjects}"),
            Cell(
                one.standing.value.upper() if one.standing is Standing.WORSE else one.standing.value,
                tone=_STANDINGS.get(one.standing, Tone.PLAIN),
            ),
        )
        for one in figures
    )
    return Table(f"{caption} (alpha {shown.rules.alpha:g}, Holm over {len(figures)})", columns, rows, _foreign(figures))


def _plain_table(caption: str, figures: Sequence[PairedFigure], *, bootstrap: bool = False) -> Table:
    columns = (
        Column("Measure", numeric=False),
        Column("Better", numeric=False),
        Column("Before"),
        Column("Now"),
        Column("Change"),
        Column("95 % interval", hint="By cluster bootstrap." if bootstrap else "Clustered by subject."),
        Column("Alerts / subjects"),
    )
    rows = tuple(_plain_row(one, bootstrap=bootstrap) for one in figures)
    return Table(caption, columns, rows, _foreign(figures))


def _plain_row(one: PairedFigure, *, bootstrap: bool) -> tuple[Cell, ...]:
    places = 3 if one.measure in MEASURES else PLACES.get(one.measure, 0)
    low, high = (one.bootstrap_low, one.bootstrap_high) if bootstrap else (one.low, one.high)
    return (
        measure_cell(one.measure) if one.measure in MEASURES else Cell(one.title),
        Cell(one.better, tone=Tone.QUIET),
        Cell(show_number(one.base, places)),
        Cell(show_number(one.new, places)),
        Cell(show_signed(one.difference, places)),
        Cell(show_interval(low, high, places, signed=True)),
        Cell(f"{one.alerts} / {one.subjects}"),
    )


def _foreign(figures: Sequence[PairedFigure]) -> str:
    """Cases in one run alone: in no number of the table."""
    told = [
        f"{one.title}: {len(one.base_only) + len(one.new_only)}" for one in figures if one.base_only or one.new_only
    ]
    return f"Known of one run alone, hence in no number here (cases): {', '.join(told)}." if told else ""


def _flip_panels(flips: Sequence[Flip]) -> Iterator[Panel]:
    if not flips:
        yield Panel("flips", "Cases scored differently", (Paragraph("None."),))
    for direction, heading in _HEADINGS.items():
        members = [flip for flip in flips if flip.direction is direction]
        if members:
            blocks = tuple(block for flip in members for block in _flip(flip))
            yield Panel(f"flips-{direction.value}", f"{heading}: {len(members)} cases", blocks)


def _flip(flip: Flip) -> Iterator[Block]:
    endings = "; ".join(dict.fromkeys(f"{old.value} → {new.value}" for old, new in flip.endings))
    mark = " (MUST NOT MISS)" if flip.must_not_miss else ""
    lines = [
        f"{which}: {'; '.join(map(_shift, shifts))}"
        for which, shifts in (("worse", flip.regressed), ("better", flip.improved))
        if shifts
    ]
    lines += flip.changed
    lines += [f"new: {MEASURES[one.measure].title}: {one.text}" for one in flip.gained]
    lines += [f"gone: {MEASURES[one.measure].title}: {one.text}" for one in flip.gone]
    yield Bullets(f"{flip.case_id}{mark}{': ' if endings else ''}{endings}", tuple(lines))


def _shift(shift: Shift) -> str:
    was, now = (NOTHING if one is None else show_number(one) for one in (shift.base, shift.new))
    return f"{MEASURES[shift.measure].title} {was} → {now}"
