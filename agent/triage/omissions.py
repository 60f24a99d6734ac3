"""The omission check: which risk sentences about the subject no proven claim covers. It asks no model."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from itertools import accumulate
from typing import Final

from agent.domain.alert import Article
from agent.domain.reading import Reading
from agent.domain.record import Omission
from agent.domain.summary import Quote, RiskSummary

_LONGEST_TEXT: Final = 2_000
_MOST: Final = 500


def find_omissions(summary: RiskSummary, reading: Reading, article: Article) -> tuple[Omission, ...]:
    """The reader's risk sentences that no found quote of the grounded summary covers, in the article's order.

    A quote covers a sentence when it overlaps one of the sentence's cues: quoting the harmless half of it does not.
    Where the reading gives no cue for a sentence, overlapping the sentence is enough.
    """
    covered = _Spans((quote.start, quote.end) for quote in _claim_quotes(summary) if quote.start is not None)
    cues: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for cue in reading.cues:
        cues[cue.sentence].append((cue.start, cue.end))
    sentences = reading.sentences()
    omitted = []
    for risk in reading.risk_sentences:
        sentence = sentences.get(risk.sentence)
        if sentence is None:
            continue
        spans = cues.get(risk.sentence) or [(sentence.start, sentence.end)]
        if not any(covered.overlap(start, end) for start, end in spans):
            text = article.text[sentence.start : sentence.end][:_LONGEST_TEXT]
            omitted.append((sentence.start, Omission(sentence=risk.sentence, text=text, cues=risk.cues)))
    return tuple(omission for _, omission in sorted(omitted, key=lambda pair: pair[0])[:_MOST])


def _claim_quotes(summary: RiskSummary) -> Iterator[Quote]:
    for event in summary.events:
        yield from event.quotes
    for entry in summary.counter_evidence:
        yield from entry.quotes
    for party in summary.parties:
        yield from party.quotes


class _Spans:
    """Spans of the article that can be asked for an overlap in logarithmic time."""

    def __init__(self, spans: Iterator[tuple[int, int | None]]) -> None:
        ordered = sorted((start, end) for start, end in spans if end is not None and end > start)
        self._starts = [start for start, _ in ordered]
        self._furthest = list(accumulate((end for _, end in ordered), max))

    def overlap(self, start: int, end: int) -> bool:
        place = bisect_left(self._starts, end)
        return place > 0 and self._furthest[place - 1] > start
