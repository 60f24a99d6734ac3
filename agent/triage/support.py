"""Numbers, amounts and names of a drafted text that must come from the article or a cited reference."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from types import MappingProxyType
from typing import Final

from agent.domain.alert import Article
from agent.domain.amounts import AmountSpan, find_amounts, parse_number
from agent.domain.folding import fold_text
from agent.domain.taxonomy import Offence, Role, Stage
from agent.reading.places import country_codes
from agent.triage.calendar_words import calendar_key, months_in
from agent.triage.names import name_tokens

_WORD: Final = re.compile(r"(?:[^\W\d_]\.){2,}|[^\W\d_]+(?:['-][^\W\d_]+)*")
_NUMBER: Final = re.compile(r"\d{1,3}(?: \d{3}(?!\d))+(?:[.,]\d+)?|\d+(?:[.,']\d+)*")
_REFERENCE: Final = re.compile(r"\b(?:[ECP]\d{1,3}|p\d{1,6}(?:\.s\d{1,6})?)\b")
_SENTENCE_BREAKS: Final = frozenset('.!?:;[]()"')
_NUMBER_WORDS: Final = MappingProxyType(
    {
        word: float(number)
        for number, word in enumerate(
            re.findall(
                r"\w+",
                "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
                " seventeen eighteen nineteen twenty",
            )
        )
    }
    | {"thirty": 30.0, "forty": 40.0, "fifty": 50.0, "sixty": 60.0, "seventy": 70.0, "eighty": 80.0, "ninety": 90.0}
    | {"hundred": 100.0}
)
# Words that open an English sentence with a capital and name nobody.
_OPENERS: Final = frozenset(
    re.findall(
        r"\w+",
        """a according accusations after all allegations also although among an and another any article as at
        authorities based because before between both but by case charges claims counsel court courts defence
        defendants despite during each earlier events evidence final following for from further given he her his
        however if in information investigators is it its judge judges judgment lawyer lawyers later media most neither
        no none not nothing number of officials on one only or other others over per police press proceedings
        prosecutors report reported reports said sentence separately several she since so some source sources
        spokesman spokesperson spokeswoman subject summary text that the their then there these they this those three
        through to two under until upon was were what when where which while who with within without""",
    )
)
_TITLES: Final = frozenset({"mr", "mrs", "ms", "dr"})
_VOCABULARY: Final = frozenset(
    part for enum in (Offence, Stage, Role) for member in enum for part in member.value.split("_")
)
_CYRILLIC: Final = re.compile(r"[Ѐ-ԯ]")
_SHORTEST_STEM: Final = 4
_SHARED_START: Final = 5
"""Letters a sentence's first word must share with a word of the sources to be its inflected form."""


class Sources:
    """What the words of a draft may come from: the article, its given source and date, and cited references."""

    def __init__(self, article: Article, references: Sequence[str], language: str) -> None:
        given = [part for part in (article.title, article.source, article.published_at) if part]
        self.text = "\n".join(fold_text(part).text for part in (article.text, *given, *references))
        self._article = fold_text(article.text).text.casefold()
        self._language = language
        words = [_bare_word(word) for word in _WORD.findall(self.text.casefold())]
        self._words = {*words, *(part for word in words if "-" in word for part in word.split("-"))}
        foreign = [word for word in self._words if not word.isascii()]
        self._words |= {token for word in foreign for token in name_tokens(word) if not _CYRILLIC.search(word)}
        sounds = {_loosen(token) for word in foreign if _CYRILLIC.search(word) for token in name_tokens(word)}
        self._sounds = {stem for sound in sounds for stem in _stems(sound)}
        # Only common words: a name that begins like another name is another name.
        common = [word for word in _WORD.findall(self.text) if len(word) >= _SHARED_START and word[0].islower()]
        self._starts = {word[:_SHARED_START].casefold() for word in common}
        self._numbers = {key for written in _NUMBER.findall(self.text) for key in _number_keys(written)}
        self._numbers |= {value for word, value in _NUMBER_WORDS.items() if word in self._words}
        self._amounts = find_amounts(self.text)
        self._calendar = {key for word in self._words if (key := calendar_key(word)) is not None}
        self._calendar |= {f"month {month}" for month in months_in(self.text)}
        self._countries: frozenset[str] | None = None

    @property
    def countries(self) -> frozenset[str]:
        """The ISO codes of the countries the sources name."""
        if self._countries is None:
            self._countries = country_codes(self.text, self._language)
        return self._countries

    def find_unsupported(self, written: str) -> list[str]:
        """Amounts, numbers and proper nouns of a drafted text that no source holds, in order."""
        text = _REFERENCE.sub("", fold_text(written).text)
        missing = []
        taken: list[AmountSpan] = []
        for amount in find_amounts(text):
            taken.append(amount)
            if not self._holds_amount(text[amount.start : amount.end], amount):
                missing.append((amount.start, text[amount.start : amount.end]))
        for match in _NUMBER.finditer(text):
            inside_amount = any(amount.start <= match.start() < amount.end for amount in taken)
            if not inside_amount and not self._numbers.intersection(_number_keys(match.group())[:1]):
                missing.append((match.start(), match.group()))
        missing.extend(self._unsupported_names(text))
        return [phrase for _, phrase in sorted(missing)]

    def holds(self, words: str) -> bool:
        """Whether the article holds the words, in any case."""
        folded = fold_text(words).text.strip().casefold()
        return bool(folded) and folded in self._article

    def _holds_amount(self, written: str, amount: AmountSpan) -> bool:
        if written in self.text:
            return True
        return amount.value is not None and any(
            known.value == amount.value
            and (known.currency == amount.currency or None in (known.currency, amount.currency))
            for known in self._amounts
        )

    def _unsupported_names(self, text: str) -> Iterator[tuple[int, str]]:
        """Runs of capitalised words, each with its place, of which a word is in no source."""
        run_end, run_start = -1, 0
        for match in _WORD.finditer(text):
            word = match.group()
            if not word[0].isupper() or self._holds_word(word, _opens_sentence(text, match.start())):
                if run_end >= 0:
                    yield run_start, text[run_start:run_end]
                    run_end = -1
                continue
            if run_end >= 0 and text[run_end : match.start()] != " ":
                yield run_start, text[run_start:run_end]
                run_end = -1
            run_start = match.start() if run_end < 0 else run_start
            run_end = match.end()
        if run_end >= 0:
            yield run_start, text[run_start:run_end]

    def _holds_word(self, word: str, opens_sentence: bool) -> bool:
        folded = _bare_word(word.casefold())
        if self._holds_part(folded) or all(self._holds_part(part) for part in folded.split("-")):
            return True
        if (key := calendar_key(folded)) is not None:
            return key in self._calendar
        if codes := country_codes(word, "en"):
            return codes <= self.countries
        if not opens_sentence:
            return folded in _TITLES
        return (
            folded in _OPENERS or folded in _TITLES or folded in _VOCABULARY or folded[:_SHARED_START] in self._starts
        )

    def _holds_part(self, folded: str) -> bool:
        if folded in self._words or folded.removesuffix("s") in self._words or folded.replace(".", "") in self._words:
            return True
        return bool(self._sounds) and any(self._sounds.intersection(_stems(_loosen(t))) for t in name_tokens(folded))


def _opens_sentence(text: str, start: int) -> bool:
    ahead = text[max(start - 3, 0) : start].rstrip()
    return not ahead or ahead[-1] in _SENTENCE_BREAKS


def _number_keys(written: str) -> list[float | str]:
    """What a written number can be equal to: first its value (or its digits), then the pieces between spaces."""
    value = parse_number(written)
    keys: list[float | str] = [written if value is None else value]
    return keys + [float(part) for part in written.split(" ") if part.isdigit() and " " in written]


def _bare_word(word: str) -> str:
    return re.sub(r"'s?$", "", word)


def _stems(sound: str) -> tuple[str, ...]:
    """A name's sound, and without the one or two last letters that an inflection may have added."""
    return tuple(stem for stem in (sound, sound[:-1], sound[:-2]) if len(stem) >= _SHORTEST_STEM) or (sound,)


def _loosen(word: str) -> str:
    """One form for the Latin spellings that differ only by the way a name was transliterated."""
    for written, plain in (("kh", "h"), ("iu", "u"), ("yu", "u"), ("ia", "a"), ("ya", "a"), ("y", "i"), ("j", "i")):
        word = word.replace(written, plain)
    return re.sub(r"(.)\1", r"\1", word)
