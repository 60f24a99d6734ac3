"""The article as the model sees it: numbered sentences, and for a long one parts that lose nothing between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, groupby

from agent.domain.alert import Article
from agent.domain.reading import Reading
from agent.triage.prices import estimate_tokens

SHORTEST_HALF = 120
"""Characters; a stretch shorter than twice this is not halved any more."""

_ID_TOKENS = 8
"""What the id before a sentence and the line break after it cost."""


@dataclass(frozen=True, slots=True)
class NumberedSentence:
    """A stretch of the article under a sentence's id; together they cover every character of it.

    ``opens`` and ``closes`` tell whether it is the first and the last of its passage.
    """

    id: str
    passage: str
    start: int
    end: int
    text: str
    opens: bool
    closes: bool
    whole: bool = True

    @property
    def line(self) -> str:
        """As it is sent: one line, so that an id at the start of a line is always ours."""
        return f"[{self.id}] {' '.join(self.text.split())}"

    @property
    def tokens(self) -> int:
        """Estimated."""
        return estimate_tokens(self.text) + _ID_TOKENS


Part = tuple[NumberedSentence, ...]
"""Consecutive sentences that go into one call."""


def number_sentences(article: Article, reading: Reading) -> Part:
    """Every sentence of the reading, stretched to the next one, so that no character of the text is left out."""
    marks = [
        (sentence.id, passage.id, sentence.start, index == 0, index == len(passage.sentences) - 1)
        for passage in reading.passages
        for index, sentence in enumerate(passage.sentences)
    ] or [("p1.s1", "p1", 0, True, True)]
    starts = [0, *(start for _, _, start, _, _ in marks[1:])]
    ends = [*starts[1:], len(article.text)]
    return tuple(
        NumberedSentence(id_, passage, start, end, article.text[start:end], opens, closes)
        for (id_, passage, _, opens, closes), start, end in zip(marks, starts, ends, strict=True)
    )


def split_article(sentences: Part, budget: int) -> tuple[Part, ...]:
    """Parts of at most ``budget`` estimated tokens, cut between passages wherever a passage fits into a part.

    A longer passage is cut between sentences, a longer sentence between words; only a word longer than that is cut
    itself. ``budget`` must exceed the cost of an id.
    """
    parts: list[Part] = []
    current: list[NumberedSentence] = []
    used = 0
    for unit in _units(sentences, budget):
        cost = sum(sentence.tokens for sentence in unit)
        if current and used + cost > budget:
            parts.append(tuple(current))
            current, used = [], 0
        current.extend(unit)
        used += cost
    parts.append(tuple(current))
    return tuple(parts)


def halve_part(part: Part) -> tuple[Part, Part] | None:
    """Two parts of about equal cost, cut as gently as possible; None when the part is too short to cut."""
    if len(part) == 1:
        only = part[0]
        if only.end - only.start < 2 * SHORTEST_HALF:
            return None
        middle = _word_break(only.text, len(only.text) // 2)
        return (_piece(only, 0, middle),), (_piece(only, middle, len(only.text)),)
    costs = [sentence.tokens for sentence in part]
    total = sum(costs)
    imbalance = {index: abs(total - 2 * before) for index, before in enumerate(accumulate(costs[:-1]), start=1)}
    between_passages = {index: off for index, off in imbalance.items() if part[index].opens and 2 * off <= total}
    choices = between_passages or imbalance
    cut = min(choices, key=lambda index: choices[index])
    return part[:cut], part[cut:]


def part_label(part: Part) -> str:
    """From where to where a part goes: ``p3–p12``, with sentence ids where it begins or ends inside a passage."""
    first, last = part[0], part[-1]
    if not (first.whole and last.whole):
        return f"{first.id}–{last.id}, characters {first.start}–{last.end}"
    begin = first.passage if first.opens else first.id
    end = last.passage if last.closes else last.id
    return begin if begin == end else f"{begin}–{end}"


def article_block(part: Part) -> str:
    """The part's sentences, one a line, an empty line between passages."""
    passages = groupby(part, key=lambda sentence: sentence.passage)
    return "\n\n".join("\n".join(sentence.line for sentence in group) for _, group in passages)


def _units(sentences: Iterable[NumberedSentence], budget: int) -> Iterator[Sequence[NumberedSentence]]:
    for _, group in groupby(sentences, key=lambda sentence: sentence.passage):
        passage = tuple(group)
        if sum(sentence.tokens for sentence in passage) <= budget:
            yield passage
            continue
        for sentence in passage:
            yield from ((piece,) for piece in _pieces(sentence, budget))


def _pieces(sentence: NumberedSentence, budget: int) -> Iterator[NumberedSentence]:
    """The sentence, or pieces of it that fit; the estimate of a piece is at most one token a character."""
    if sentence.tokens <= budget:
        yield sentence
        return
    size, position = max(1, budget - _ID_TOKENS), 0
    while position < len(sentence.text):
        end = min(position + size, len(sentence.text))
        if end < len(sentence.text):
            end = _word_break(sentence.text, end, position)
        yield _piece(sentence, position, end)
        position = end


def _word_break(text: str, near: int, after: int = 0) -> int:
    """The last place behind white space at or before ``near``, or ``near`` itself when a word reaches that far."""
    for place in range(near, max(after, near - 200), -1):
        if text[place - 1].isspace():
            return place
    return near


def _piece(sentence: NumberedSentence, begin: int, end: int) -> NumberedSentence:
    return replace(
        sentence,
        start=sentence.start + begin,
        end=sentence.start + end,
        text=sentence.text[begin:end],
        opens=sentence.opens and begin == 0,
        closes=sentence.closes and end == len(sentence.text),
        whole=False,
    )
