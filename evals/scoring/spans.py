"""Spans: where gold evidence and drafted quotes stand in the article, and whether they are about the same words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from agent.domain.summary import Quote, RiskSummary

Span = tuple[int, int]
"""Start and end (exclusive) in the article's text."""

SAME_WORDS: Final = 0.2
"""Share of the shorter span that must be common: less is a word or two that touch by chance."""


def locate(text: str, pieces: Iterable[str]) -> tuple[Span, ...]:
    """Where each piece of the article stands; a piece that does not stand there is left out."""
    found = ((text.find(piece), len(piece)) for piece in pieces if piece)
    return tuple((start, start + length) for start, length in found if start >= 0)


def locate_all(text: str, piece: str) -> Iterator[Span]:
    """Every place where the piece stands."""
    start = text.find(piece) if piece else -1
    while start >= 0:
        yield start, start + len(piece)
        start = text.find(piece, start + 1)


def stands(quote: Quote, text: str) -> bool:
    """Whether the quote's offsets lead to its very words."""
    return quote.start is not None and quote.end is not None and text[quote.start : quote.end] == quote.text


def quote_spans(quotes: Sequence[Quote], text: str) -> tuple[Span, ...]:
    """The spans of the quotes that stand in the text."""
    return tuple((quote.start or 0, quote.end or 0) for quote in quotes if stands(quote, text))


def share_common(one: Sequence[Span], other: Sequence[Span]) -> float:
    """How much two sets of spans are about the same words: the best pair's common part of its shorter span, 0 to 1."""
    best = 0.0
    for start, end in one:
        for first, last in other:
            common = min(end, last) - max(start, first)
            if common > 0:
                best = max(best, common / min(end - start, last - first))
    return best if best >= SAME_WORDS else 0.0


def all_quotes(summary: RiskSummary) -> Iterator[tuple[str, Quote]]:
    """Every quote of a summary with the id of its claim."""
    for party in summary.parties:
        yield from ((party.id, quote) for quote in party.quotes)
        for identifier in party.identifiers:
            yield from ((identifier.id, quote) for quote in identifier.quotes)
    for event in summary.events:
        yield from ((event.id, quote) for quote in event.quotes)
    for entry in summary.counter_evidence:
        yield from ((entry.id, quote) for quote in entry.quotes)
