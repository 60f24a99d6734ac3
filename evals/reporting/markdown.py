"""A page as Markdown (GitHub's), the twin of the HTML: the same words and tables, plots told in words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from evals.reporting.composition import compose_page
from evals.reporting.page import (
    Banner,
    Block,
    Bullets,
    Cell,
    Chapter,
    Drawing,
    Panel,
    Paragraph,
    Quoted,
    Table,
    Terms,
)
from evals.reporting.report import Report
from evals.reporting.words import show_line

_STEERING: Final = re.compile(
    r"([\\`*_\[\]<>#|~&$@]|(?<=https)[:]|(?<=http)[:]|(?<=ftp)[:]|(?<=www)[.])", re.IGNORECASE
)
_LEADING: Final = re.compile(r"^(?:([-+=])|(\d{1,9})(?=[.)](?:\s|$)))")


def render_markdown(report: Report) -> str:
    """The report as Markdown; text from articles and drafts can neither format nor link nor break a table."""
    page = compose_page(report)
    lines = [f"# {escape(page.title)}", "", escape(page.subtitle)]
    for chapter in page.chapters:
        lines += _chapter(chapter)
    return "\n".join(lines) + "\n"


def escape(text: str) -> str:
    """Text on one line that Markdown shows as it is; bare addresses do not become links."""
    return _STEERING.sub(r"\\\1", show_line(text))


def _begin(text: str) -> str:
    """The same where a line or a list's entry begins: it makes no list, rule or heading of its own."""
    return _LEADING.sub(lambda found: f"\\{found[1]}" if found[1] else f"{found[2]}\\", escape(text))


def _chapter(chapter: Chapter) -> Iterator[str]:
    yield from ("", f"## {escape(chapter.title)}")
    for block in chapter.blocks:
        yield ""
        yield from _block(block)


def _block(block: Block) -> Iterator[str]:
    match block:
        case Table():
            yield from _table(block)
        case Paragraph():
            yield _begin(block.text)
        case Banner():
            yield f"**{escape(block.word)}** {escape(block.text)}"
        case Bullets():
            yield from (_begin(block.head), "") if block.head else ()
            yield from (f"- {_begin(line)}" for line in block.lines)
        case Terms():
            yield from (f"- **{escape(row.name)}**: {escape(row.text)}" for row in block.rows)
        case Quoted():
            yield f"- **{escape(block.head)}** {escape(block.text)}".rstrip()
            for quote, found in block.quotes:
                yield f"  - “{escape(quote)}” ({'stands in the article' if found else '**NOT in the article**'})"
            yield from () if block.quotes else ("  - **without any quote**",)
        case Drawing():
            yield f"*{escape(block.caption)}.* {escape(block.words)}"
        case Panel():
            yield f"### {escape(block.title)}"
            for one in block.blocks:
                yield ""
                yield from _block(one)


def _table(table: Table) -> Iterator[str]:
    kept = [place for place in range(len(table.columns)) if not _only_drawn(table, place)]
    yield f"**{escape(table.caption)}**"
    yield ""
    yield _row([escape(table.columns[place].title) for place in kept])
    yield _row(["---:" if place and table.columns[place].numeric else "---" for place in kept])
    for row in table.rows:
        if len(row) == 1:
            yield _row([f"**{escape(row[0].text)}**", *[""] * (len(kept) - 1)])
        else:
            yield _row([_cell(row[place]) for place in kept])
    if table.note:
        yield from ("", _begin(table.note))


def _only_drawn(table: Table, place: int) -> bool:
    """Whether a column holds nothing but drawn intervals, which the columns beside it say in numbers."""
    return any(len(row) > place and row[place].span is not None for row in table.rows)


def _cell(cell: Cell) -> str:
    return escape(f"{cell.text} {cell.detail}".strip())


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
