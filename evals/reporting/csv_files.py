"""A report as CSV: samples by measures, and figures with their intervals, whole and by slice."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from evals.reporting.report import Report
from evals.reporting.words import show_line
from evals.scoring.measures import MEASURES
from evals.scoring.summary import Figure

_STEERING = ("=", "+", "-", "@")


def write_samples_csv(report: Report) -> str:
    """One row a sample. Of each measure ``name`` the amount and ``name_of`` the whole; both empty: it does not apply.

    Subjects are numbers. Floats are written in full. Text that a spreadsheet would take for a formula gets a ``'``.
    """
    slices = [table.name for table in report.slices if table.name != "split"]
    head = ["case_id", "epoch", "subject", "split", *slices, "truth", "must_not_miss", "ending", "risk"]
    head += ["seconds", "cost_usd", "input_tokens", "output_tokens", "calls"]
    head += [column for name in MEASURES for column in (name, f"{name}_of")]

    def rows() -> Iterator[list[object]]:
        for score in report.samples:
            row: list[object] = [score.case_id, score.epoch, score.subject, str(score.split)]
            row += [score.slices.get(name) for name in slices]
            row += [str(score.truth), int(score.must_not_miss), str(score.ending), score.risk]
            row += [score.seconds, score.cost_usd, score.input_tokens, score.output_tokens, score.calls]
            for name in MEASURES:
                measure = score.measures.get(name)
                row += [measure.amount, measure.of] if measure is not None and measure.of else [None, None]
            yield row

    return _write(head, rows())


def write_figures_csv(report: Report) -> str:
    """One row a measure, first over the whole run (``slice`` is ``all``), then for each value of each slice."""
    head = ["slice", "value", "measure", "title", "better", "group"]
    head += ["figure", "low", "high", "alerts", "subjects", "of", "note"]

    def rows() -> Iterator[list[object]]:
        yield from (_figure_row("all", "", figure) for figure in report.figures)
        for table in report.slices:
            for value, figures in table.rows.items():
                yield from (_figure_row(table.name, value, figure) for figure in figures)

    return _write(head, rows())


def _figure_row(name: str, value: str, figure: Figure) -> list[object]:
    info = MEASURES[figure.measure]
    row: list[object] = [name, value, figure.measure, info.title, info.better, info.group]
    return [*row, figure.value, figure.low, figure.high, figure.alerts, figure.subjects, figure.of, figure.note]


def _write(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([_plain(value) for value in row] for row in rows)
    return written.getvalue()


def _plain(value: object) -> object:
    if not isinstance(value, str):
        return value
    line = show_line(value)
    return f"'{line}" if line.startswith(_STEERING) else line
