"""A comparison and a gate in plain lines, for a terminal or a build's log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evals.cases.case import TOLD_SPLITS
from evals.comparison.comparison import Comparison
from evals.comparison.figures import PairedFigure, Standing
from evals.comparison.flips import Direction, Flip, Shift
from evals.comparison.gate import GateReport

_HEADINGS = {
    Direction.WORSE: "Worse in B",
    Direction.MIXED: "Better in something, worse in something else",
    Direction.BETTER: "Better in B",
    Direction.OTHER: "Scored otherwise, neither better nor worse",
}


def word_comparison(comparison: Comparison) -> Iterator[str]:
    """Verdict, figures and what the comparison could see; flips are worded by ``word_flips``."""
    yield (
        f"{comparison.cases} cases of {comparison.subjects} subjects, {comparison.samples} samples: "
        f"{comparison.alike} scored the same, {comparison.same_drafts} drafts the same word for word"
    )
    yield from _word_left_out(comparison)
    yield ""
    yield comparison.verdict.value
    yield from (f"  {reason}" for reason in comparison.reasons)
    yield ""
    yield f"Primary measures (Holm over {len(comparison.primaries)}, one-sided alpha {comparison.rules.alpha:g})"
    yield from _indent(_tested_table(comparison.primaries, comparison.rules.alpha))
    yield from _word_detectable(comparison)
    yield ""
    yield f"Guards (Holm over {len(comparison.guards)}): significantly worse fails; they cannot pass a run"
    yield from _indent(_tested_table(comparison.guards, comparison.rules.alpha))
    yield from _word_foreign(comparison)
    if comparison.others:
        yield ""
        yield "Reported, not tested"
        yield from _indent(_plain_table(comparison.others))
    if comparison.expense:
        yield ""
        yield "Time, tokens and money an alert (mean; bootstrap interval of the difference)"
        yield from _indent(_expense_table(comparison.expense))


def word_flips(comparison: Comparison) -> Iterator[tuple[Flip | None, str]]:
    """Lines about the flips, each with the flip it ends (None elsewhere), so that a caller can add texts after it."""
    tally = ", ".join(f"{sum(flip.direction is one for flip in comparison.flips)} {one.value}" for one in Direction)
    yield None, f"Cases scored differently: {len(comparison.flips)} ({tally})"
    for direction, heading in _HEADINGS.items():
        flips = [flip for flip in comparison.flips if flip.direction is direction]
        if flips:
            yield None, ""
            yield None, f"{heading}:"
        for flip in flips:
            lines = list(_word_flip(flip))
            yield from ((None, line) for line in lines[:-1])
            yield flip, lines[-1]


def word_gate(report: GateReport) -> Iterator[str]:
    """The gate's checks, a line each, failures first, and the verdict at the end."""
    yield f"Gate: run {report.run} against baseline {report.baseline}, rules {report.comparison.rules.name}"
    yield from (f"  {line}" for line in report.differences)
    order = {"FAIL": 0, "UNDERPOWERED": 1, "PASS": 2}
    for check in sorted(report.checks, key=lambda check: order[check.verdict]):
        yield f"  {check.verdict.value:<12}  {check.group}/{check.name}: {check.text}"
    yield report.verdict.value


def _word_left_out(comparison: Comparison) -> Iterator[str]:
    for keys, which in ((comparison.left_out.base_only, "A"), (comparison.left_out.new_only, "B")):
        if keys:
            shown = ", ".join(f"{case}#{epoch}" for case, epoch in keys[:20])
            yield f"LEFT OUT, in {which} alone: {len(keys)} samples ({shown}{' …' if len(keys) > 20 else ''})"


def _word_detectable(comparison: Comparison) -> Iterator[str]:
    seen = [f"{one.measure} {one.detectable:.3g}" for one in comparison.primaries if one.detectable is not None]
    if seen:
        yield (
            f"  With a chance of {comparison.rules.power:.0%} this comparison would have shown a true difference of "
            f"{', '.join(seen)}; of smaller ones it says nothing."
        )


def _word_foreign(comparison: Comparison) -> Iterator[str]:
    for measure, cases in comparison.not_comparable:
        shown = f"{', '.join(cases[:8])}{' …' if len(cases) > 8 else ''}"
        yield f"  {measure}: applies to {len(cases)} cases in one run alone, in no number here: {shown}"


def _word_flip(flip: Flip) -> Iterator[str]:
    mark = "  MUST NOT MISS" if flip.must_not_miss else ""
    endings = "; ".join(dict.fromkeys(f"{old.value} → {new.value}" for old, new in flip.endings))
    yield f"  {flip.case_id}{mark}{f'  {endings}' if endings else ''}"
    for sign, shifts in (("-", flip.regressed), ("+", flip.improved)):
        if shifts:
            yield f"    {sign} {', '.join(map(_shift, shifts))}"
    if flip.split not in TOLD_SPLITS:
        yield f"      {flip.split}: figures only"
        return
    yield from (f"      {line}" for line in flip.changed)
    yield from (f"      new: {remark.measure}: {remark.text}" for remark in flip.gained)
    yield from (f"      gone: {remark.measure}: {remark.text}" for remark in flip.gone)


def _shift(shift: Shift) -> str:
    return f"{shift.measure} {_number(shift.base)} → {_number(shift.new)}"


def _tested_table(figures: Sequence[PairedFigure], alpha: float) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [
        ("measure", "A", "B", "B - A", _level(alpha), "as bad as", "margin", "p worse (Holm)", "alerts/subjects", "")
    ]
    for one in figures:
        standing = one.standing.value.upper() if one.standing is Standing.WORSE else one.standing.value
        rows.append(
            (
                one.measure,
                _number(one.base),
                _number(one.new),
                _signed(one.difference),
                _interval(one.low, one.high),
                _signed(one.worst),
                _number(one.margin),
                _number(one.p_worse_adjusted),
                f"{one.alerts}/{one.subjects}",
                standing,
            )
        )
    return rows


def _plain_table(figures: Sequence[PairedFigure]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [("measure", "A", "B", "B - A", _level(0.05), "better", "alerts/subjects")]
    for one in figures:
        interval, alerts = _interval(one.low, one.high), f"{one.alerts}/{one.subjects}"
        figures_of = (_number(one.base), _number(one.new), _signed(one.difference), interval)
        rows.append((one.measure, *figures_of, one.better, alerts))
    return rows


def _expense_table(figures: Sequence[PairedFigure]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [("", "A", "B", "B - A", _level(0.05), "alerts")]
    for one in figures:
        interval = _interval(one.bootstrap_low, one.bootstrap_high)
        unknown = len(one.base_only) + len(one.new_only)
        alerts = f"{one.alerts}{f' ({unknown} known in one run alone)' if unknown else ''}"
        rows.append((one.title, _number(one.base), _number(one.new), _signed(one.difference), interval, alerts))
    return rows


def _indent(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    for row in rows:
        cells = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        yield f"  {'  '.join(cells)}".rstrip()


def _level(alpha: float) -> str:
    return f"{1.0 - alpha:.0%} interval"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"


def _signed(value: float | None) -> str:
    return "–" if value is None else f"{value:+.3g}"


def _interval(low: float | None, high: float | None) -> str:
    return "–" if low is None or high is None else f"[{low:+.3g}, {high:+.3g}]"
