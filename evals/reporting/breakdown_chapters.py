"""Chapters that part the figures: by slice, and by what was taken for what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from agent.domain.taxonomy import Role, Stage
from evals.reporting.page import Block, Cell, Chapter, Column, Drawing, Paragraph, Table, Tone
from evals.reporting.report import Report, SliceTable
from evals.reporting.words import show_count, show_interval, show_label, show_number
from evals.scoring.breakdown import LEAST_SUPPORT, Confusion, OffenceRow
from evals.scoring.measures import MEASURES
from evals.scoring.summary import Figure

SLICE_MEASURES: Final = (
    "miss",
    "false_escalation",
    "cost",
    "acceptable",
    "quote_validity",
    "event_recall",
    "role_right",
    "counter_evidence_recall",
)
"""What is shown of each slice; the CSV of figures holds all measures."""
PLOTTED_SLICES: Final = ("split", "language", "subject_kind", "shape")
PLOTTED_MEASURES: Final = ("acceptable", "event_recall", "role_right")
FEW: Final = 5
"""Alerts below which a slice's figure is one or two cases."""


def write_slices(report: Report) -> Chapter:
    """Figures of every slice, with a plot of three measures."""
    measures = ", ".join(MEASURES[name].title for name in PLOTTED_MEASURES)
    words = " ".join(
        f"{table.name} {value}: {show_number(figure.value)} on {figure.alerts} alerts."
        for table in report.slices
        if table.name in PLOTTED_SLICES
        for value, figures in table.rows.items()
        for figure in figures
        if figure.measure == PLOTTED_MEASURES[0]
    )
    blocks: list[Block] = [
        Paragraph(
            f"A slice of fewer than {FEW} alerts is one or two cases, whatever its figure says; look at the intervals, "
            "and do not pick the worst of many slices for a finding."
        ),
        Drawing(
            "slices",
            f"{measures}, by slice, with 95 % intervals; hollow where fewer than {FEW} alerts carry the figure",
            f"{MEASURES[PLOTTED_MEASURES[0]].title}: {words} All figures stand in the tables below.",
        ),
    ]
    return Chapter("slices", "Slices", (*blocks, *map(_slice_table, report.slices)))


def write_confusions(report: Report) -> Iterator[Chapter]:
    """What was taken for what: stages, roles, offences."""
    yield Chapter("stages", "Stages", tuple(_stage_blocks(report.stages)))
    yield Chapter("roles", "Roles", tuple(_role_blocks(report.roles)))
    yield Chapter("offences", "Offences", tuple(_offence_blocks(report)))


def _slice_table(table: SliceTable) -> Table:
    columns = (
        Column(show_label(table.name).capitalize(), numeric=False),
        *(
            Column(MEASURES[name].title, hint=f"{MEASURES[name].definition} {MEASURES[name].better} is better.")
            for name in SLICE_MEASURES
        ),
    )
    rows = []
    for value, figures in table.rows.items():
        by_name = {figure.measure: figure for figure in figures}
        rows.append((Cell(show_label(value)), *(_slice_cell(by_name[name]) for name in SLICE_MEASURES)))
    return Table(
        f"By {show_label(table.name)}: figure, 95 % interval, number of alerts",
        columns,
        tuple(rows),
    )


def _slice_cell(figure: Figure) -> Cell:
    if figure.value is None:
        return Cell(show_number(None), tone=Tone.QUIET)
    detail = f"{show_number(figure.low, 2)} to {show_number(figure.high, 2)}, n {figure.alerts}"
    tone = Tone.QUIET if figure.alerts < FEW else Tone.PLAIN
    return Cell(show_number(figure.value, 2), detail=detail, tone=tone)


def _stage_blocks(stages: Confusion[Stage]) -> Iterator[Block]:
    if not stages.counts:
        yield Paragraph("No case of this run has labelled events.")
        return
    yield Drawing(
        "stages",
        "Stage of the gold event (rows) and of the drafted one (columns): share of the row, count written in",
        f"{_agreement_words(stages, 'quadratic weights, stages on the chain alone')} "
        "The counts stand in the table below.",
    )
    yield _confusion_table("Gold events by stage in the gold (rows) and in the draft (columns)", stages)
    yield Paragraph(_agreement_words(stages, "quadratic weights, stages on the chain alone"))


def _role_blocks(roles: Confusion[Role]) -> Iterator[Block]:
    if not roles.counts:
        yield Paragraph("No case of this run has labelled parties.")
        return
    yield _confusion_table("Gold parties by role in the gold (rows) and in the draft (columns)", roles)
    yield Paragraph(_agreement_words(roles, "unweighted"))


def _agreement_words(confusion: Confusion[Stage] | Confusion[Role], weights: str) -> str:
    right = sum(count for (gold, drafted), count in confusion.counts.items() if gold == drafted)
    total = sum(confusion.counts.values())
    lost = sum(count for (_, drafted), count in confusion.counts.items() if drafted is None)
    words = (
        f"{show_count(right)} of {show_count(total)} the same as the gold's first choice, "
        f"{show_count(lost)} not drafted."
    )
    if confusion.kappa is None:
        return words
    kappa = confusion.kappa
    return (
        f"{words} Agreement beyond chance on what was drafted ({weights}): kappa {show_number(kappa.value)} "
        f"{show_interval(kappa.low, kappa.high)} on {kappa.units}."
    )


def _confusion_table(caption: str, confusion: Confusion[Stage] | Confusion[Role]) -> Table:
    counts = {(str(gold), str(drafted or "")): count for (gold, drafted), count in confusion.counts.items()}
    labels = [str(label) for label in confusion.labels]
    columns = [label for label in (*labels, "") if any(drafted == label for _, drafted in counts)]
    rows = list[tuple[Cell, ...]]()
    for gold in labels:
        row = [counts.get((gold, label), 0.0) for label in columns]
        cells = [_confusion_cell(count, same=label == gold) for label, count in zip(columns, row, strict=True)]
        if any(row):
            rows.append((Cell(show_label(gold)), *cells, Cell(show_count(sum(row)))))
    heads = [Column(show_label(label) if label else "not drafted") for label in columns]
    return Table(caption, (Column("Gold", numeric=False), *heads, Column("All")), tuple(rows), upright=True)


def _confusion_cell(count: float, *, same: bool) -> Cell:
    tone = Tone.SAME if same else Tone.PLAIN if count else Tone.QUIET
    return Cell(show_count(count) if count else "·", tone=tone)


def _offence_blocks(report: Report) -> Iterator[Block]:
    table = report.offences
    if not table.rows:
        yield Paragraph("No case of this run has labelled events with offences.")
        return
    columns = (
        Column("Offence", numeric=False),
        Column("Support", hint="Cases whose gold has it."),
        Column("Found"),
        Column("Invented"),
        Column("Missed"),
        Column("Precision"),
        Column("Recall"),
        Column("F1"),
    )
    rows = tuple(_offence_row(row) for row in (*table.rows, table.micro, table.macro))
    note = (
        f"Exactly the gold's offences: {show_count(table.exact)} of {table.cases} cases, both without any in "
        f"{show_count(table.both_empty)}. Figures of an offence with support below {LEAST_SUPPORT} are greyed: too few "
        "to compare. Offences that are merely acceptable count neither way."
    )
    yield Table("Offences over the cases with labelled events", columns, rows, note)


def _offence_row(row: OffenceRow) -> tuple[Cell, ...]:
    tone = Tone.QUIET if row.small else Tone.PLAIN
    counts = (row.support, row.found, row.invented, row.missed)
    shares = (row.precision, row.recall, row.f1)
    return (
        Cell(show_label(row.offence)),
        *(Cell(show_count(count)) for count in counts),
        *(Cell(show_number(share), tone=tone) for share in shares),
    )
