"""A run's figures as plain lines for a terminal of 120 columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evals.comparison.rules import PRIMARIES
from evals.reporting.summary_chapters import word_missing
from evals.reporting.words import show_count, show_interval, show_number
from evals.running.runs import Run
from evals.scoring.measure import SampleScore
from evals.scoring.measures import MEASURES
from evals.scoring.summary import Figure

_HEAD = ("", "figure", "95 % interval", "alerts", "subjects", "out of", "")
_WIDTHS = (32, 9, 18, 7, 9, 8, 0)


def word_figures(run: Run, scores: Sequence[SampleScore], figures: Sequence[Figure]) -> Iterator[str]:
    """What was scored, then every figure with its interval and what it rests on, under the headings of the registry."""
    splits = ", ".join(dict.fromkeys(str(score.split) for score in scores))
    subjects = len({score.subject for score in scores})
    cases = len({score.case_id for score in scores})
    yield f"{run.manifest.run_id}  {run.name}"
    yield f"{len(scores)} samples of {cases} cases, {subjects} subjects ({splits})"
    if missing := word_missing(run.manifest, len(scores)):
        yield f"INCOMPLETE: {missing}"
    group = ""
    for figure in figures:
        info = MEASURES[figure.measure]
        heading = "primary measures" if figure.measure in PRIMARIES else info.group
        if heading != group:
            group = heading
            yield ""
            yield _line((group.capitalize(), *_HEAD[1:]))
        better = "more is better" if info.better == "higher" else "less is better"
        note = f"{better}{f'; {figure.note}' if figure.note else ''}"
        yield _line(
            (
                f"  {info.title}",
                show_number(figure.value),
                show_interval(figure.low, figure.high),
                str(figure.alerts),
                str(figure.subjects),
                show_count(figure.of),
                note,
            )
        )


def _line(cells: Sequence[str]) -> str:
    first, *others, last = cells
    numbers = "".join(f"{cell:>{width}}" for cell, width in zip(others, _WIDTHS[1:-1], strict=True))
    return f"{first:<{_WIDTHS[0]}}{numbers}  {last}".rstrip()
