"""A page as one HTML file: no script, nothing fetched, readable in light and dark, on paper and by a screen reader."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256

from evals.reporting.composition import compose_page
from evals.reporting.markup import Markup, element, join
from evals.reporting.page import (
    Banner,
    Block,
    Bullets,
    Cell,
    Chapter,
    Column,
    Drawing,
    Page,
    Panel,
    Paragraph,
    Quoted,
    Span,
    Table,
    Terms,
    Tone,
)
from evals.reporting.plots import draw
from evals.reporting.report import Report
from evals.reporting.style import STYLE
from evals.reporting.svg import embed_svg


def render_html(report: Report) -> str:
    """The report as an HTML document. Raises PlotsMissing where matplotlib is not installed."""
    page = compose_page(report)
    body = (
        element("a", "Skip to the report", href="#report", class_="skip"),
        element("header", element("h1", page.title), element("p", page.subtitle)),
        element("nav", _list_chapters(page.chapters), aria_label="Chapters"),
        element("main", *(_chapter(chapter, report) for chapter in page.chapters), id="report"),
    )
    document = element("html", _head(page), element("body", *body), lang="en")
    return f"<!DOCTYPE html>\n{document}\n"


def _head(page: Page) -> Markup:
    digest = b64encode(sha256(STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", page.title),
        element("style", Markup(STYLE)),
    )


def _list_chapters(chapters: Sequence[Chapter]) -> Markup:
    entries = (element("li", element("a", chapter.title, href=f"#{chapter.key}")) for chapter in chapters)
    return element("ol", *entries)


def _chapter(chapter: Chapter, report: Report) -> Markup:
    heading = element("h2", chapter.title, id=f"{chapter.key}-head")
    blocks = (_block(block, report) for block in chapter.blocks)
    return element("section", heading, *blocks, id=chapter.key, aria_labelledby=f"{chapter.key}-head")


def _block(block: Block, report: Report) -> Markup:
    match block:
        case Table():
            return _table(block)
        case Paragraph():
            return element("p", block.text, class_=_tone(block.tone))
        case Banner():
            return element("p", element("strong", block.word), " ", block.text, class_=f"banner {block.tone.value}")
        case Bullets():
            lines = element("ul", *(element("li", line) for line in block.lines))
            return join(element("p", block.head, class_="head") if block.head else "", lines if block.lines else "")
        case Terms():
            rows = (join(element("dt", row.name, id=row.key), element("dd", row.text)) for row in block.rows)
            return element("dl", *rows)
        case Quoted():
            return _quoted(block)
        case Drawing():
            drawn = embed_svg(draw(report, block.name), block.name, block.caption, block.words)
            return element("figure", drawn, element("figcaption", block.caption))
        case Panel():
            inner = (_block(one, report) for one in block.blocks)
            return element("section", element("h3", block.title), *inner, id=block.key, class_="panel")


def _table(table: Table) -> Markup:
    heads = (_column(column) for column in table.columns)
    rows = (_row(row, table.columns) for row in table.rows)
    shown = element(
        "table",
        element("caption", table.caption),
        element("thead", element("tr", *heads)),
        element("tbody", *rows),
        class_="upright" if table.upright else "",
    )
    note = element("p", table.note, class_="note") if table.note else ""
    # Wide tables scroll by themselves, and by the keyboard too.
    scroller = element("div", shown, class_="wide", tabindex=0, role="region", aria_label=table.caption)
    return join(scroller, note)


def _column(column: Column) -> Markup:
    title = element("abbr" if column.hint else "span", column.title, title=column.hint)
    return element("th", title, scope="col", class_="" if column.numeric else "words")


def _row(row: Sequence[Cell], columns: Sequence[Column]) -> Markup:
    if len(row) == 1:
        return element("tr", element("th", row[0].text, colspan=len(columns), scope="colgroup"), class_="group")
    first, *others = row
    cells = (
        element("td", _cell(cell), class_=" ".join(filter(None, ("" if column.numeric else "words", _tone(cell.tone)))))
        for cell, column in zip(others, columns[1:], strict=True)
    )
    return element("tr", element("th", _cell(first), scope="row"), *cells)


def _cell(cell: Cell) -> str:
    if cell.detail:
        return join(cell.text, " ", element("small", cell.detail))
    if cell.span is not None:
        return _span(cell.span)
    if cell.link:
        return element("a", cell.text, href=f"#{cell.link}", title=cell.hint)
    return element("abbr", cell.text, title=cell.hint) if cell.hint else cell.text


def _span(span: Span) -> Markup:
    """An interval as a line with a dot; the cells beside it say the same, so a screen reader passes over it."""
    low, value, high = (f"{2 + 96 * min(max(one, 0.0), 1.0):.1f}" for one in (span.low, span.value, span.high))
    return element(
        "svg",
        element("line", x1="2", y1="7", x2="98", y2="7", class_="scale"),
        element("line", x1=low, y1="7", x2=high, y2="7", class_="interval"),
        element("circle", cx=value, cy="7", r="3.5"),
        viewBox="0 0 100 14",
        class_="span",
        aria_hidden="true",
    )


def _quoted(block: Quoted) -> Markup:
    words = (
        element(
            "li",
            element("q", quote, dir="auto"),
            " ",
            element(
                "span", "stands in the article" if found else "NOT in the article", class_="good" if found else "bad"
            ),
        )
        for quote, found in block.quotes
    )
    return element(
        "div",
        element("p", block.head, class_="head"),
        element("p", block.text, dir="auto") if block.text else "",
        element("ul", *words) if block.quotes else element("p", "without any quote", class_="bad"),
        class_="claim",
    )


def _tone(tone: Tone) -> str:
    return "" if tone is Tone.PLAIN else tone.value
