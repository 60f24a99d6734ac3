"""The chapter of the worst cases, and the list of all that fell short."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evals.reporting.page import (
    Block,
    Bullets,
    Cell,
    Chapter,
    Column,
    Panel,
    Paragraph,
    Quoted,
    Table,
    Term,
    Terms,
    Tone,
)
from evals.reporting.report import CaseOutcome, CaseText, Report
from evals.reporting.words import show_label
from evals.scoring.measure import Remark
from evals.scoring.measures import MEASURES


def write_worst(report: Report) -> Chapter:
    """The worst cases, with words where they may be told."""
    blocks: list[Block] = [
        Paragraph(
            "The worst first: must-not-miss alerts lost, then by cost, then by what is lost in primaries and guards, "
            "then in all measures. Texts of cases outside smoke and dev are withheld."
        )
    ]
    blocks += [_panel(place, outcome) for place, outcome in enumerate(report.worst, start=1)]
    if report.worst_withheld:
        lines = tuple(f"{one.case_id}: {_word_shortfall(one)}" for one in report.worst_withheld)
        blocks.append(Bullets("The worst of the cases whose texts are withheld", lines))
    if len(blocks) == 1:
        blocks = [Paragraph("No case is shown: none fell short in anything, or none was asked for.")]
    return Chapter("worst", "Worst cases", tuple(blocks))


def write_cases(report: Report) -> Chapter:
    """One row a case: where it should go, where it went, what fell short."""
    columns = (
        Column("Case", numeric=False),
        Column("Split", numeric=False),
        Column("Shape", numeric=False),
        Column("Language", numeric=False),
        Column("Truth", numeric=False),
        Column("Ended as", numeric=False),
        Column("State", numeric=False, hint="Failing: failed, ended unacceptably, or got a guard wrong."),
        Column("Fell short in", numeric=False),
    )
    shown = {outcome.case_id for outcome in report.worst}
    rows = tuple(
        (
            Cell(one.case_id, link=f"case-{one.case_id}" if one.case_id in shown else ""),
            Cell(one.split),
            Cell(show_label(one.slices.get("shape", ""))),
            Cell(one.slices.get("language", "")),
            Cell(f"{one.truth}{' (must not miss)' if one.must_not_miss else ''}"),
            Cell(_endings(one)),
            Cell("failing" if one.failing else "passing", tone=Tone.BAD if one.failing else Tone.GOOD),
            Cell(", ".join(MEASURES[name].title for name in one.wrong)),
        )
        for one in report.cases
    )
    failing = sum(one.failing for one in report.cases)
    return Chapter("cases", "All cases", (Table(f"{len(rows)} cases, {failing} failing", columns, rows),))


def _panel(place: int, outcome: CaseOutcome) -> Panel:
    title = f"{place}. {outcome.case_id}: {outcome.truth}, ended as {_endings(outcome)}"
    facts = [
        Term("Split, shape, language", ", ".join([outcome.split, *_slices(outcome)])),
        Term("Truth", f"{outcome.truth}{', must not be missed' if outcome.must_not_miss else ''}"),
    ]
    if len(outcome.endings) > 1:
        facts.append(Term("Epoch shown", f"{outcome.epoch}, the worst of {len(outcome.endings)}"))
    words: tuple[Block, ...] = ()
    if outcome.text is not None:
        facts += _facts(outcome.text)
        words = tuple(_words(outcome.text))
    return Panel(f"case-{outcome.case_id}", title, (Terms(tuple(facts)), *words))


def _word_shortfall(outcome: CaseOutcome) -> str:
    names = ", ".join(MEASURES[name].title for name in outcome.wrong)
    return f"{outcome.truth}, ended as {_endings(outcome)}; fell short in {names}"


def _facts(text: CaseText) -> Iterator[Term]:
    yield Term("Screened", text.screened or "nobody: the header is blank")
    yield Term("Headline", text.headline or "none")
    yield Term("Why the gold is so", text.note)
    yield Term("Draft", text.outcome)
    if text.narrative:
        yield Term("Narrative", text.narrative)


def _words(text: CaseText) -> Iterator[Block]:
    if text.remarks:
        yield Bullets("Remarks", tuple(map(word_remark, text.remarks)))
    if text.claims:
        yield Paragraph("Claims of the draft, each with the words it gives:")
        yield from (Quoted(claim.head, claim.text, claim.quotes) for claim in text.claims)


def word_remark(remark: Remark) -> str:
    """A remark in a line."""
    return f"{MEASURES[remark.measure].title}: {remark.text}"


def _slices(outcome: CaseOutcome) -> Sequence[str]:
    return [show_label(outcome.slices[name]) for name in ("shape", "language") if name in outcome.slices]


def _endings(outcome: CaseOutcome) -> str:
    return ", ".join(show_label(ending) for ending in dict.fromkeys(outcome.endings))
