"""Dates as the article writes them, and as much of an ISO date as the words themselves make certain."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from agent.domain.reading import ReadDate
from agent.reading.lexicon import Lexicon

_YEAR = r"(?:19|20)\d{2}"
_WEEKDAYS = {
    "en": r"(?:on |last |this )?(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|yesterday|today|last (?:week|month|year)",
}


@lru_cache(maxsize=16)
def _pattern(language: str, months: tuple[str, ...]) -> re.Pattern[str]:
    month = "|".join(sorted((re.escape(name) for name in months), key=len, reverse=True)) or r"(?!\w)\w"
    of = r"(?:\s+(?:de|del|of))?"
    suffix = r"(?:st|nd|rd|th|\.|º|er)?"
    forms = (
        rf"(?P<day1>\d{{1,2}}){suffix}{of}\s+(?P<month1>{month})\.?(?:,?{of}\s+(?P<year1>{_YEAR}))?(?!\w)",
        rf"(?P<month2>{month})\.?\s+(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?(?![\d:])(?:,?\s+(?P<year2>{_YEAR}))?",
        rf"(?P<month3>{month})\.?{of},?\s+(?P<year3>{_YEAR})",
        rf"(?P<year4>{_YEAR})-(?P<month4>\d{{2}})-(?P<day4>\d{{2}})",
        rf"(?P<day5>\d{{1,2}})\.(?P<month5>\d{{1,2}})\.(?P<year5>{_YEAR})",
        rf"(?P<year6>{_YEAR})(?!\w)",
        rf"(?P<relative>{_WEEKDAYS.get(language, r'(?!x)x')})",
    )
    return re.compile(r"(?<![\w$€£.,])(?:" + "|".join(forms) + ")", re.IGNORECASE)


def find_dates(text: str, start: int, end: int, lexicon: Lexicon) -> Iterator[ReadDate]:
    """Dates between two offsets. A day and month without a year get no ISO form: no year is ever invented."""
    for match in _pattern(lexicon.language, tuple(lexicon.months)).finditer(text, start, end):
        yield ReadDate(text=match.group()[:200], start=match.start(), end=match.end(), iso=_iso(match, lexicon))


def _iso(match: re.Match[str], lexicon: Lexicon) -> str | None:
    parts = {key.rstrip("123456"): value for key, value in match.groupdict().items() if value and key != "relative"}
    year = parts.get("year")
    if year is None:
        return None
    word = parts.get("month")
    if word is None:
        return year
    month = int(word) if word.isdigit() else lexicon.months.get(word.lower().rstrip("."), 0)
    day = int(parts["day"]) if "day" in parts else None
    if not 1 <= month <= 12 or (day is not None and not 1 <= day <= 31):
        return year
    return f"{year}-{month:02d}" + (f"-{day:02d}" if day is not None else "")
