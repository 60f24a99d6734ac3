"""Facts: whether the numbers, dates, amounts and names that a draft writes stand in what it was given.

Numbers, dates and amounts are looked up here, apart from the product's own grounding, so that a fault of the one is not
a fault of both. For names the product's check is asked again, since it knows inflections and transliterations.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from agent.domain.alert import Article
from agent.domain.amounts import AmountSpan, find_amounts, parse_number
from agent.domain.folding import fold_text
from agent.domain.summary import Event, RiskSummary
from agent.triage.support import Sources
from agent.triage.wording import find_wording_faults
from evals.scoring.matched import Matched
from evals.scoring.tally import Tally, shorten

_NUMBER: Final = re.compile(r"(?<![\w.,])\d+(?:[.,' ]\d{3})*(?:[.,]\d+)?")
_DIGITS: Final = re.compile(r"\d+")
_OWN_IDS: Final = re.compile(r"\b[A-Z]{1,2}\d{1,3}\b|\bp\d{1,6}(?:\.s\d{1,6})?\b")
_NAME: Final = re.compile(r"(?<![.!?:;\"(\[])(?<=[ ,])[^\W\d_a-zа-я][^\W\d_]+(?:[ '-][^\W\d_a-zа-я][^\W\d_]+)*")
"""A run of capitalised words that opens no sentence."""
_SPELT_OUT: Final = 12
"""Up to here numbers are usually written as words, in whatever language: a digit for one of them is no invention."""
_PRESENT: Final = "present tense: "


@dataclass(frozen=True, slots=True)
class _Given:
    """What a draft may draw on."""

    sources: Sources
    text: str
    numbers: frozenset[float]
    digits: frozenset[str]
    amounts: tuple[AmountSpan, ...]


def score_facts(matched: Matched, tally: Tally) -> None:
    """Unsupported facts in narrative and claims, and a legal status in the present tense."""
    record, summary = matched.record, matched.summary
    profiles = tuple(matched.options.profiles.get(one, "") for one in sorted(record.provenance.profiles))
    alert = matched.case.alert
    subject = alert.subject.model_dump_json(exclude_none=True) if alert.subject is not None else ""
    given = _read_given(alert.article, (subject, *profiles), record.provenance.language)
    facts = 0
    unsupported: list[tuple[str, str]] = []
    for place, text in _drafted_texts(summary):
        clean = _OWN_IDS.sub("", fold_text(text).text)
        figures = list(_figures(clean))
        names = [words for words in given.sources.find_unsupported(text) if not _DIGITS.search(words)]
        unsupported += [(place, words) for words, amount in figures if not _is_given(words, amount, given)]
        unsupported += [(place, words) for words in names]
        facts += len(figures) + max(len(names), len(_NAME.findall(clean)))
    for event in summary.events:
        stated = list(_particulars(event, given))
        facts += len(stated)
        unsupported += [(event.id, words) for words, supported in stated if not supported]
    tally.count("unsupported_facts", len(unsupported), facts)
    for place, words in dict.fromkeys(unsupported):
        tally.fault("unsupported_facts", f"{place} states {shorten(words)}, which the article does not say.")
    faults = find_wording_faults(summary.narrative, given.sources)
    present = [words.removeprefix(_PRESENT) for words in faults if words.startswith(_PRESENT)]
    told = ", ".join(map(shorten, present))
    tally.judge("present_tense", bool(present), f"The narrative states a legal status in the present tense: {told}.")


@lru_cache(maxsize=512)
def _read_given(article: Article, references: tuple[str, ...], language: str) -> _Given:
    """The article with its head, and the alert's subject and profiles laid beside it: read once an alert."""
    head = (part for part in (article.title, article.source, article.published_at) if part)
    text = fold_text("\n".join((article.text, *head, *references))).text
    written = (parse_number(match.group()) for match in _NUMBER.finditer(text))
    amounts = tuple(find_amounts(text))
    numbers = frozenset(value for value in written if value is not None)
    values = frozenset(amount.value for amount in amounts if amount.value is not None)
    return _Given(
        sources=Sources(article, references, language),
        text=text.casefold(),
        numbers=numbers | values,
        digits=frozenset(_DIGITS.findall(text)),
        amounts=amounts,
    )


def _drafted_texts(summary: RiskSummary) -> Iterator[tuple[str, str]]:
    """What the drafter wrote in words of its own, and where."""
    yield "The narrative", summary.narrative
    yield from ((event.id, event.claim) for event in summary.events)
    yield from ((entry.id, entry.claim) for entry in summary.counter_evidence)


def _figures(text: str) -> Iterator[tuple[str, AmountSpan | None]]:
    """Every amount of a text, and every number outside the amounts."""
    amounts = find_amounts(text)
    yield from ((text[one.start : one.end], one) for one in amounts)
    for match in _NUMBER.finditer(text):
        if not any(one.start <= match.start() < one.end for one in amounts):
            yield match.group(), None


def _is_given(words: str, amount: AmountSpan | None, given: _Given) -> bool:
    if amount is not None:
        return words.casefold() in given.text or _amount_is_given(amount.value, amount.currency, given)
    value = parse_number(words)
    if value is not None and (value in given.numbers or value <= _SPELT_OUT):
        return True
    return all(digits in given.digits for digits in _DIGITS.findall(words))


def _amount_is_given(value: float | None, currency: str | None, given: _Given) -> bool:
    """The same value in the same currency, or in one that either leaves open; 2.5 million is 2,500,000."""
    return value is not None and any(
        known.value == value and (known.currency == currency or None in (known.currency, currency))
        for known in given.amounts
    )


def _particulars(event: Event, given: _Given) -> Iterator[tuple[str, bool]]:
    """The event's own date and amounts as it states them, each with whether the text has them."""
    if event.date is not None:
        stated = fold_text(event.date.text).text.strip().casefold() in given.text
        year = event.date.iso[:4] if event.date.iso else None
        yield event.date.text, stated and (year is None or year in given.digits)
    for amount in event.amounts:
        written = fold_text(amount.text).text.strip()
        read = next(iter(find_amounts(written)), None)
        scaled = read is None or None in (read.value, amount.value) or read.value == amount.value
        shown = amount.text if scaled else f"{amount.text} as {amount.value:,.0f}"
        yield (
            shown,
            scaled and (written.casefold() in given.text or _amount_is_given(amount.value, amount.currency, given)),
        )
