"""Page: a report as headings, words, tables and plots, before anybody decides between HTML and Markdown."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Tone(StrEnum):
    """How something is to be taken; never told by colour alone."""

    PLAIN = "plain"
    GOOD = "good"
    BAD = "bad"
    OPEN = "open"
    QUIET = "quiet"
    SAME = "same"
    """The diagonal of a table of confusions."""


@dataclass(frozen=True, slots=True)
class Span:
    """An interval with its figure, all three as shares of the scale's width (0 to 1)."""

    low: float
    value: float
    high: float


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table."""

    text: str
    detail: str = ""
    """What stands under it in smaller letters: an interval, a number of alerts."""
    hint: str = ""
    """A definition, shown where the pointer rests; it also stands in the definitions."""
    link: str = ""
    """The id of the chapter, panel or term that says more."""
    tone: Tone = Tone.PLAIN
    span: Span | None = None
    """Drawn in place of the text, which says the same."""


@dataclass(frozen=True, slots=True)
class Column:
    """The head of a column."""

    title: str
    numeric: bool = True
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under heads; the first cell of a row is its head. A row of one cell parts groups."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    upright: bool = False
    """Whether the heads stand on end, because there are many narrow columns."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Words."""

    text: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Banner:
    """One word that must not be overlooked, and what it means."""

    word: str
    text: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list, under a line that says of what."""

    head: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Term:
    """A name with what it stands for; ``key`` where it can be linked to."""

    name: str
    text: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class Terms:
    """Names with what they stand for."""

    rows: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Quoted:
    """A claim: what it says of itself, its sentence, and the words it rests on, each found in the article or not."""

    head: str
    text: str
    quotes: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A plot by its name in ``plots``, with what it shows in words for those who cannot see it."""

    name: str
    caption: str
    words: str


@dataclass(frozen=True, slots=True)
class Panel:
    """A part of a chapter under a heading of its own."""

    key: str
    title: str
    blocks: tuple[Block, ...]
    tone: Tone = Tone.PLAIN


Block = Table | Paragraph | Banner | Bullets | Terms | Quoted | Drawing | Panel


@dataclass(frozen=True, slots=True)
class Chapter:
    """A heading with what stands under it."""

    key: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """A whole report."""

    title: str
    subtitle: str
    chapters: tuple[Chapter, ...]
