"""Numbers, addresses and birth dates that lead to a person, and what stands in their place.

Numbers keep their shape, addresses become ``example.org``. Birth dates are moved by days that the case's secret fixes,
so few that the age on the article's day stays what it was, and fewer still where the year can stay. A birth year alone
stays, as the age does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Final

from agent.reading.lexicon import LANGUAGES, load_lexicon
from agent.triage.calendar_words import calendar_key
from evals.cases.desk.invented_names import draw_number
from evals.cases.desk.name_forms import is_common
from evals.cases.desk.rewriting import Replacement

_DOMAINS: Final = (
    "com|org|net|info|biz|io|eu|gov|edu|uk|de|fr|es|pt|ru|it|nl|pl|cz|sk|at|ch|se|no|dk|fi|be|lu|ie|hu|ro|bg|gr|tr|ua|"
    "by|kz|cn|jp|kr|br|mx|ar|in|au|ca|us|example|test"
)
_ADDRESSES: Final = re.compile(
    r"(?P<mail>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
    r"|(?P<url>(?:https?://|www\.)[^\s<>\"'«»“”]*[\w/])"
    rf"|(?P<domain>(?<![\w@.])(?:[a-z0-9-]{{2,}}\.)+(?:{_DOMAINS})(?![\w-])(?:/[^\s<>\"']*[\w/])?)"
    r"|(?P<handle>(?<![\w@])@\w{2,})"
    r"|(?P<tag>(?<!\w)\#(?P<word>\w{2,}))"
)
_AMOUNT: Final = r"(?!\s*(?:%|€|\$|£|₽|euro|dollar|pound|franc|rubl|руб|krono|peso|real|reais|milli|mln|mio|млн|млрд))"
_NUMBERS: Final = re.compile(
    r"(?<!\w)(?:"
    r"0x[0-9a-fA-F]{40}|bc1[0-9a-z]{25,60}|[13T][1-9A-HJ-NP-Za-km-z]{25,34}"
    r"|[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?"
    r"|[A-Z]{1,3}[- ]?\d{5,10}[A-Z]?"
    r"|\d{3}-\d{2}-\d{4}"
    r"|(?:\d{1,3}\.){3}\d{1,3}"
    r"|\+\d[\d ()./-]{6,}\d"
    r"|(?<!\d )\(?0\d{2,4}\)?[ /-]\d{3,}(?:[ -]?\d{2,})*"
    r"|(?<![.,$€£])\d(?:-?\d){8,}"
    r"|(?<![.,$€£])\d{4}(?: \d{4}){2,3}"
    rf"|(?<![.,$€£])\d{{7,}}(?![.,]\d){_AMOUNT}"
    r")(?!\w)"
)
_WRITTEN_DATE: Final = re.compile(
    r"(?<!\d)(?:(?P<day>\d{1,2})(?:st|nd|rd|th|\.|º|er)?\s+(?:de\s+|of\s+)?(?P<month>[^\W\d_]+)\.?,?\s+(?:de\s+|del\s+)?"
    r"(?P<year>\d{4})"
    r"|(?P<month2>[^\W\d_]+)\.?\s+(?P<day2>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<year2>\d{4})"
    r"|(?P<year3>\d{4})[-./](?P<month3>\d{1,2})[-./](?P<day3>\d{1,2})"
    r"|(?P<first>\d{1,2})[-./](?P<second>\d{1,2})[-./](?P<year4>\d{4}))(?!\d)"
)
_MOST_DAYS: Final = 364
_ENOUGH: Final = 10
"""Offsets among which one must be drawn for the year to stay."""
_SHORTEST_NUMBER: Final = 5


def scramble(secret: bytes, value: str) -> str:
    """A number or code of the same shape; spaces and signs stay and do not count, so all ways to write it agree."""
    bare = bare_number(value)
    place, new = 0, []
    for char in value:
        if not char.isalnum():
            new.append(char)
            continue
        drawn = draw_number(secret, f"{bare}\n{place}", 1 << 32)
        place += 1
        if char.isdigit():
            new.append(str((int(char) + 1 + drawn % 9) % 10))
        else:
            letter = chr(ord("A") + drawn % 26)
            new.append(letter if char.isupper() else letter.lower())
    return "".join(new)


def bare_number(value: str) -> str:
    """A number's letters and digits alone, in capitals."""
    return "".join(char for char in value if char.isalnum()).upper()


def replace_numbers(text: str, secret: bytes, identifiers: Iterable[str] = ()) -> list[Replacement]:
    """Addresses, telephone and account numbers, codes, and the identifiers given, wherever they stand."""
    made: list[Replacement] = []
    for value in sorted(set(identifiers), key=len, reverse=True):
        bare = bare_number(value)
        if len(bare) >= _SHORTEST_NUMBER:
            spaced = r"[\W_]*".join(map(re.escape, bare))
            found = re.finditer(rf"(?<!\w){spaced}(?!\w)", text, re.IGNORECASE)
            made += [Replacement(one.start(), one.end(), scramble(secret, one.group())) for one in found]
    made = _without_overlaps(made)
    for one in (*_replace_addresses(text, secret), *_replace_codes(text, secret)):
        if not any(one.start < other.end and other.start < one.end for other in made):
            made.append(one)
    return made


def _replace_addresses(text: str, secret: bytes) -> Iterator[Replacement]:
    for match in _ADDRESSES.finditer(text):
        number = 1000 + draw_number(secret, match.group().casefold(), 9000)
        new = {
            "mail": f"person{number}@example.org",
            "url": f"https://example.org/{number}",
            "domain": f"site{number}.example.org",
            "handle": f"@person{number}",
            "word": f"#topic{number}",
        }[str(match.lastgroup) if match.lastgroup != "tag" else "word"]
        if match["word"] is None or not is_common(match["word"]):
            yield Replacement(match.start(), match.end(), new)


def _replace_codes(text: str, secret: bytes) -> Iterator[Replacement]:
    for match in _NUMBERS.finditer(text):
        yield Replacement(match.start(), match.end(), scramble(secret, match.group()))


def _without_overlaps(made: Sequence[Replacement]) -> list[Replacement]:
    kept: list[Replacement] = []
    for one in made:
        if not any(one.start < other.end and other.start < one.end for other in kept):
            kept.append(one)
    return kept


def find_numbers_left(texts: Iterable[str], identifiers: Iterable[str]) -> list[str]:
    """The identifiers that a text still holds, however they are spaced."""
    bare = [bare_number(text) for text in texts]
    wanted = [value for value in identifiers if len(bare_number(value)) >= _SHORTEST_NUMBER]
    return [value for value in wanted if any(bare_number(value) in one for one in bare)]


class BirthDates:
    """The birth dates of one case, all moved by the same days."""

    def __init__(self, secret: bytes, births: Sequence[str], as_of: date | None) -> None:
        """``births`` are ISO dates that may stop early, the subject's first; ``as_of`` is the day ages count from."""
        self._known = {one: full for one in births if (full := _as_date(one)) is not None}
        self.offset = _choose_offset(secret, tuple(self._known.values()), as_of)

    def move(self, birth: str) -> str:
        """A birth date moved, as exact as it was; a year alone stays."""
        full = _as_date(birth)
        return birth if full is None else (full + self.offset).isoformat()[: len(birth)]

    def replace_in(self, text: str, language: str, births: Sequence[tuple[int, int]] = ()) -> list[Replacement]:
        """The known birth dates written out in a text; in the ``births`` spans a known birth year too."""
        made = []
        for match in _WRITTEN_DATE.finditer(text):
            known = next((one for one in _read_date(match) if one in self._exact()), None)
            if known is not None:
                new = _write_like(match, known, known + self.offset, language)
                made.append(Replacement(match.start(), match.end(), new))
        years = {full.year: (full + self.offset).year for full in self._exact()}
        for start, end in births:
            for match in re.finditer(r"(?<!\d)\d{4}(?!\d)", text[start:end]):
                old, place = int(match.group()), start + match.start()
                free = not any(place < one.end and one.start < place + 4 for one in made)
                if free and years.get(old, old) != old:
                    made.append(Replacement(place, place + 4, str(years[old])))
        return made

    def find_left(self, texts: Iterable[str]) -> list[str]:
        """The birth dates, exact to the day, that a text still holds, in whichever language."""
        found = []
        for text in texts:
            for one in self._exact():
                loose = rf"(?<!\d)0?{one.day}(?!\d)[^\d\n]{{0,5}}[^\W\d_]{{2}}[^\d\n]{{1,16}}{one.year}(?!\d)"
                read = (known for match in _WRITTEN_DATE.finditer(text) for known in _read_date(match))
                if one in set(read) or re.search(loose, text):
                    found.append(one.isoformat())
        return list(dict.fromkeys(found))

    def _exact(self) -> list[date]:
        return [full for one, full in self._known.items() if len(one) == 10]


def find_exact_dates(text: str) -> list[str]:
    """The dates exact to the day that a text writes, as ISO; both where day and month may stand either way."""
    return [one.isoformat() for match in _WRITTEN_DATE.finditer(text) for one in _read_date(match)]


def _as_date(text: str) -> date | None:
    """The day, or the middle of the month; None for a year alone."""
    parts = [int(part) for part in text.split("-")]
    return date(parts[0], parts[1], parts[2] if len(parts) > 2 else 15) if len(parts) > 1 else None


def age_on(birth: date, day: date) -> int:
    """Full years on that day."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def _choose_offset(secret: bytes, births: Sequence[date], as_of: date | None) -> timedelta:
    if not births:
        return timedelta(0)
    days = [days for size in range(1, _MOST_DAYS + 1) for days in (size, -size)]
    moved = [days for days in days if all(_is_other(one, one + timedelta(days)) for one in births)]

    def keeps_ages(days: int, kept: Sequence[date]) -> bool:
        return as_of is None or all(age_on(one + timedelta(days), as_of) == age_on(one, as_of) for one in kept)

    def keeps_years(days: int) -> bool:
        return all((one + timedelta(days)).year == one.year for one in births)

    every = [days for days in moved if keeps_ages(days, births)]
    same_year = [days for days in every if keeps_years(days)]
    first = [days for days in moved if keeps_ages(days, births[:1])]
    choice = same_year if len(same_year) >= _ENOUGH else every or first
    return timedelta(choice[draw_number(secret, "birth dates", len(choice))])


def _is_other(old: date, new: date) -> bool:
    """Whether nobody can take the new date for the old one, whichever of day and month is written first."""
    return new.day != old.day and (new.day, new.month) != (old.month, old.day)


def _read_date(match: re.Match[str]) -> Iterator[date]:
    """The dates that a match can be: one, or two where day and month may stand either way."""
    day = match["day"] or match["day2"]
    options: list[tuple[str, str, str]]
    if day is not None:
        key = calendar_key(match["month"] or match["month2"]) or ""
        month = key.removeprefix("month ") if key.startswith("month ") else "0"
        options = [(match["year"] or match["year2"], month, day)]
    elif match["year3"] is not None:
        options = [(match["year3"], match["month3"], match["day3"])]
    else:
        options = [
            (match["year4"], match["second"], match["first"]),
            (match["year4"], match["first"], match["second"]),
        ]
    for year, number, one in options:
        try:
            yield date(int(year), int(number), int(one))
        except ValueError:
            continue


def _write_like(match: re.Match[str], old: date, new: date, language: str) -> str:
    """The new date as the old one is written: order, signs, zeros, and the month in the same words."""
    values: dict[str, str] = {}
    if match["first"] is not None:
        day_first = (int(match["first"]), int(match["second"])) == (old.day, old.month)
        order = ("first", "second") if day_first else ("second", "first")
        values = {order[0]: str(new.day), order[1]: str(new.month), "year4": str(new.year)}
    elif match["year3"] is not None:
        values = {"year3": str(new.year), "month3": str(new.month), "day3": str(new.day)}
    else:
        mark = "2" if match["day2"] is not None else ""
        word = _month_like(match[f"month{mark}"], new.month, language)
        values = {f"year{mark}": str(new.year), f"month{mark}": word, f"day{mark}": str(new.day)}
    text, start = match.group(), match.start()
    for name in sorted(values, key=match.start, reverse=True):
        padded = match[name].startswith("0") or (match["month"] or match["month2"]) is None
        written = values[name].zfill(len(match[name])) if padded else values[name]
        text = text[: match.start(name) - start] + written + text[match.end(name) - start :]
    return text


def _month_like(word: str, month: int, language: str) -> str:
    """Another month's name in the language and, as far as it shows, the form of this one."""
    if calendar_key(word) == f"month {month}":
        return word
    lexicon = load_lexicon(language if language in LANGUAGES else "en")
    months = dict(lexicon.months) if lexicon is not None else {}
    if language == "ru":
        months |= {(f"{name[:-1]}я" if name[-1] in "ьй" else f"{name}а"): months[name] for name in months}
    short = _is_short(word.lower().rstrip("."), months)
    names = [name for name, number in months.items() if number == month and calendar_key(name) == f"month {month}"]
    names = [name for name in names if _is_short(name, months) is short] or names or [str(month)]
    ends = "ая" if word[-1].lower() in "ая" else word[-1].lower()
    alike = [name for name in names if name[-1] in ends]
    chosen = max(alike or names, key=len)
    return chosen.capitalize() if word[0].isupper() else chosen


def _is_short(name: str, months: Iterable[str]) -> bool:
    """Whether a month's name is the beginning of another."""
    return any(other != name and other.startswith(name) for other in months)
