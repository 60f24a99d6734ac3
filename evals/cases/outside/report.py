"""The report on outside data: plain lines for the terminal, one JSON document; figures and ids, never a row's text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any, Final

from evals.cases.outside.figures import Measured, Table
from evals.probes.figures import ProbeFigure

_MOST_IDS: Final = 8
"""Ids of each kind on the terminal; the file has all."""


def render_lines(measured: Measured, drafter: str) -> Iterator[str]:
    """A set's figures, tables and notes, readable at 120 columns."""
    size = f"{measured.units} {measured.unit}, {measured.failed} without a draft"
    yield f"{measured.name}  {drafter}  {measured.split}: {size}"
    for what in dict.fromkeys(figure.what for figure in measured.figures):
        yield f"\n  {what}"
        yield from (f"    {_line(figure)}" for figure in measured.figures if figure.what == what)
    for table in measured.tables:
        yield f"\n  {table.title}"
        yield from (f"    {line}" for line in _rows(table))
    yield ""
    yield from (f"  left out: {count}, {reason}" for reason, count in measured.left_out.items() if count)
    yield from (f"  {note}" for note in measured.notes)
    for what, ids in measured.ids.items():
        if ids:
            more = f" and {len(ids) - _MOST_IDS} more, in the JSON file" if len(ids) > _MOST_IDS else ""
            yield f"  {what} ({len(ids)}): {', '.join(ids[:_MOST_IDS])}{more}"


def build_document(measured: Sequence[Measured], drafter: str, facts: dict[str, Any]) -> dict[str, Any]:
    """Everything as JSON; intervals are two-sided 95 % over subjects, ``upper`` is one-sided."""
    return {"drafter": drafter, **facts, "sets": [asdict(one) for one in measured]}


def _line(figure: ProbeFigure) -> str:
    percent = f"{100 * figure.value + 0.0:5.1f} % [{100 * figure.low:.1f}, {100 * figure.high:.1f}]"
    upper = f"  at most {100 * figure.upper:.1f} %" if figure.upper is not None else ""
    return f"{figure.part:<24} {percent:<26} n {figure.units}, {figure.subjects} subjects{upper}"


def _rows(table: Table) -> Iterator[str]:
    cells = [list(map(str, row)) for row in (table.header, *table.rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for first, *rest in cells:
        counts = (cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True))
        yield "  ".join([first.ljust(widths[0]), *counts]).rstrip()
