"""An event's date, amounts, authority, country and flags: kept only as far as the article says them."""

from __future__ import annotations

import re
from typing import Final

from agent.domain.amounts import find_amounts, parse_number
from agent.domain.folding import fold_text
from agent.domain.summary import Amount, Event, EventDate
from agent.triage.calendar_words import months_in
from agent.triage.evidence import ArticleIndex
from agent.triage.support import Sources

_ABSENTIA: Final = re.compile(
    r"absentia|absence|rebeld[ií]a|ausencia|contumace|par défaut|abwesenheit|à revelia|заочн", re.IGNORECASE
)
_FINALITY: Final = re.compile(
    r"\bfinal\b|upheld|affirmed|supreme|cassation|no (?:further )?appeal|legally binding|\bfirme\b|definitiv"
    r"|confirm[óo]|rechtskräftig|transitad|вступи\w+ в (?:законную )?силу|оставил\w* в силе|кассаци",
    re.IGNORECASE,
)
_YEAR: Final = re.compile(r"(?<!\d)(?:1[5-9]|20)\d\d(?!\d)")


def check_particulars(event: Event, index: ArticleIndex, article: Sources) -> tuple[Event, list[str], list[str]]:
    """The event with what the article does not say cleared; what was cleared and why; and words that are not in it."""
    sentences = index.sentences_of(event.quotes)
    near = [index.text[sentence.start : sentence.end] for sentence in sentences]
    near += [quote.text for quote in event.quotes if quote.start is not None]
    words = " ".join(near)
    findings = [finding for sentence in sentences for finding in index.findings_in(sentence)]
    changes: dict[str, object] = {}
    problems: list[str] = []
    unsupported: list[str] = []
    if event.in_absentia and not (_ABSENTIA.search(words) or any(finding.in_absentia for finding in findings)):
        changes["in_absentia"] = False
        problems.append("in absentia removed: no quoted sentence says so")
    if event.final and not (_FINALITY.search(words) or any(finding.final for finding in findings)):
        changes["final"] = False
        problems.append("final removed: no quoted sentence says so")
    if event.date is not None:
        wanted = fold_text(event.date.text).text.strip().casefold()
        ahead = [index.text[before.start : before.end] for part in sentences if (before := index.before(part))]
        dated = [text for text in ahead if wanted and wanted in fold_text(text).text.casefold()]
        changes["date"], problem = check_date(event.date, " ".join([words, *dated]))
        problems += [problem] if problem else []
        unsupported += [] if article.holds(event.date.text) else [f"date: {event.date.text}"]
    checked = [check_amount(amount, article) for amount in event.amounts]
    changes["amounts"] = tuple(amount for amount, _ in checked)
    problems += [problem for _, problem in checked if problem]
    unsupported += [f"amount: {amount.text}" for amount in event.amounts if not article.holds(amount.text)]
    if event.authority is not None and article.find_unsupported(event.authority):
        changes["authority"] = None
        problems.append(f"authority {event.authority[:80]!r} removed: the article does not name it")
    if event.jurisdiction is not None and event.jurisdiction not in article.countries:
        changes["jurisdiction"] = None
        problems.append(f"jurisdiction {event.jurisdiction} removed: the article does not name the country")
    return event.model_copy(update=changes), problems, unsupported


def check_date(date: EventDate, near: str) -> tuple[EventDate, str | None]:
    """The date with no more ISO precision than the words ``near`` it give, and what was cut."""
    if date.iso is None:
        return date, None
    parts = date.iso.split("-")
    kept = parts[:1] if _names_year(parts[0], near) else []
    if kept and len(parts) > 1 and int(parts[1]) in months_in(near):
        kept = parts[:2]
        days = {float(number) for number in re.findall(r"\d+", near)}
        if len(parts) > 2 and float(parts[2]) in days:
            kept = parts
    iso = "-".join(kept) or None
    if iso == date.iso:
        return date, None
    problem = f"date {date.iso} is more than the words near it say; kept: {iso or 'none'}"
    return date.model_copy(update={"iso": iso}), problem


def _names_year(year: str, near: str) -> bool:
    if year in _YEAR.findall(near):
        return True
    return re.search(rf"(?<!\d)\d{{1,2}}[./-]\d{{1,2}}[./-]{year[2:]}(?!\d)", near) is not None


def check_amount(amount: Amount, article: Sources) -> tuple[Amount, str | None]:
    """The amount with value and currency recomputed by rule from its own words, and what that changed."""
    value, currency, why = None, None, "these words do not stand in the article"
    if article.holds(amount.text):
        why = "the rule for amounts gives another value, or none"
        found = find_amounts(fold_text(amount.text).text)
        if len(found) == 1:
            value, currency = found[0].value, found[0].currency
        elif not found and _is_number(amount.text):
            value = parse_number(amount.text.strip())
    changed = amount.model_copy(update={"value": value, "currency": currency})
    stated = (amount.value is not None and amount.value != value) or (
        amount.currency is not None and amount.currency != currency
    )
    return changed, f"amount {amount.text[:80]!r}: {why}" if stated else None


def _is_number(text: str) -> bool:
    return re.fullmatch(r"\d[\d., '\u00a0\u202f]+", text.strip()) is not None
