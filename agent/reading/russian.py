"""Names of a Russian article: found by natasha's tagger, brought to the nominative by pymorphy3's dictionary."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from agent.domain.alert import Sentence
from agent.domain.taxonomy import PartyKind
from agent.reading.parts import NameSpan
from agent.reading.patterned_names import FoundName

TAGGED_CHARS: Final = 60_000
"""Beyond so much text only sentences with a cue are tagged: the tagger reads some 30,000 characters a second."""

_STRETCH_CHARS: Final = 4_000
_STRETCH_GAP: Final = 200
_KINDS: Final = {"PER": PartyKind.PERSON, "ORG": PartyKind.ORGANISATION}
_LEGAL_FORM: Final = re.compile(r"^(?:ООО|ОАО|ПАО|ЗАО|АО|НКО|АКБ|КБ)\s*(?=[«\"])")
_DATELINE: Final = re.compile(r", \d{1,2} [а-я]+ ?[.—–-]")
_NAME_TAGS: Final = ("Name", "Surn", "Patr")
_GENDERS: Final = ("masc", "femn")
_CASES: Final = ("nomn", "gent", "datv", "accs", "ablt", "loct")


def find_russian_names(
    text: str, sentences: Sequence[Sentence], with_cues: Collection[str], known_names: Sequence[str] = ()
) -> list[FoundName]:
    """People and organisations of a Russian text, people in the nominative; ``with_cues`` holds sentence ids."""
    read = sentences if len(text) <= TAGGED_CHARS else [part for part in sentences if part.id in with_cues]
    bases = {part.casefold() for name in known_names for part in name.split()}
    tagged = _join_halves(text, [found for stretch in _stretches(read) for found in _tag(text, stretch)])
    names = []
    full = [span for span in tagged if span[3] is PartyKind.PERSON and " " in text[span[1] : span[2]].strip()]
    written_so: set[str] = set()
    for _, start, end, _ in full:
        base, _ = to_nominative(text[start:end], led_by=text[:start])
        bases.update(part.casefold() for part in base.split())
        written_so.update(text[start:end].casefold().split())
    for sentence, start, end, kind in tagged:
        written = text[start:end]
        name, nominative = (_LEGAL_FORM.sub("", written).strip("«»\"' "), None)
        if kind is PartyKind.PERSON:
            name, nominative = to_nominative(
                written, frozenset(written_so or bases if " " in written else bases), text[:start]
            )
        if name:
            span = NameSpan(start, end, sentence.id, name, kind)
            names.append(FoundName(span, nominative=nominative))
    return names


def _join_halves(
    text: str, tagged: Sequence[tuple[Sentence, int, int, PartyKind]]
) -> list[tuple[Sentence, int, int, PartyKind]]:
    """A first name and a surname that the tagger took for two people are one."""
    joined: list[tuple[Sentence, int, int, PartyKind]] = []
    for part in tagged:
        last = joined[-1] if joined else None
        if last is not None and last[3] is part[3] is PartyKind.PERSON and part[1] == last[2] + 1:
            first, second = text[last[1] : last[2]], text[part[1] : part[2]]
            named = any("Name" in parse.tag for parse in _name_parses(first))
            if named and " " not in first + second and text[last[2]] == " ":
                joined[-1] = (last[0], last[1], part[2], last[3])
                continue
        joined.append(part)
    return joined


def to_nominative(written: str, bases: frozenset[str] = frozenset(), led_by: str = "") -> tuple[str, bool | None]:
    """The base form of a person's name as written, and whether it was written in the nominative (None: cannot tell).

    All parts must agree in case and gender; ``bases`` (case-folded) settles single words that could be two cases;
    the noun that ``led_by`` ends in ("предпринимателя") settles the case of a man's name that could be a woman's.
    """
    words = written.split()
    readings: dict[tuple[str, str], float] = defaultdict(float)
    for gender in _GENDERS:
        for case in _CASES:
            scores = [_score(word, gender, case) for word in words]
            if all(scores):
                readings[gender, case] = sum(scores)
    if not readings or not any(_name_parses(part) for word in words for part in word.split("-")):
        return " ".join(words), None
    if sum(bool(_name_parses(word)) for word in words) == 1:
        return _settle_lone(words, readings, bases)
    told = {reading for reading in readings if reading in _case_of_noun(led_by)}
    readings = {reading: score for reading, score in readings.items() if not told or reading in told}
    gender, case = max(readings, key=lambda reading: (readings[reading], reading[1] == "nomn"))
    return _inflect(words, gender, case, bases), case == "nomn"


def _case_of_noun(led_by: str) -> set[tuple[str, str]]:
    """Gender and case of a man's calling right before his name, when it is surely not in the nominative."""
    before = led_by[-40:].split()
    if not before or led_by[-1:] != " ":
        return set()
    parses = [parse.tag for parse in _morphology().parse(before[-1]) if "anim" in parse.tag and parse.tag.POS == "NOUN"]
    if any(tag.case == "nomn" or tag.gender != "masc" for tag in parses):
        return set()
    return {("masc", str(tag.case)) for tag in parses}


def _settle_lone(
    words: Sequence[str], readings: Mapping[tuple[str, str], float], bases: frozenset[str]
) -> tuple[str, bool | None]:
    """One word to go by ("Петрова" is his genitive or her nominative): settled by the one full name it can repeat."""
    options = {(_inflect(words, gender, case), case == "nomn") for gender, case in readings}
    known = {option for option in options if option[0].casefold() in bases} or options
    if len({base for base, _ in known}) > 1:
        return " ".join(words), None
    base = next(iter(known))[0]
    return base, next(iter(known))[1] if len(known) == 1 else None


def _score(word: str, gender: str, case: str) -> float:
    """How well a word reads as part of a name in that gender and case, 0 when it does not; unknown words fit all."""
    parts = word.split("-")
    if len(parts) > 1 and all(parts):
        return min(_score(part, gender, case) for part in parts)
    named = _name_parses(word)
    if not named:
        return 0.01
    fitting = [parse.score for parse in named if _fits(parse, gender, case)]
    return max(fitting, default=0.0)


@lru_cache(maxsize=4096)
def _name_parses(word: str) -> tuple[Any, ...]:
    """The dictionary's readings of a word as a first name, surname or patronymic."""
    return tuple(parse for parse in _morphology().parse(word) if any(tag in parse.tag for tag in _NAME_TAGS))


def _fits(parse: Any, gender: str, case: str) -> bool:
    tag = parse.tag
    return tag.case == case and tag.number != "plur" and (tag.gender == gender or tag.gender is None or "ms-f" in tag)


def _inflect(words: Sequence[str], gender: str, case: str, bases: frozenset[str] = frozenset()) -> str:
    return " ".join("-".join(_inflect_word(part, gender, case, bases) for part in word.split("-")) for word in words)


def _inflect_word(word: str, gender: str, case: str, bases: frozenset[str] = frozenset()) -> str:
    fitting = [parse.inflect({"nomn", "sing"}) for parse in _name_parses(word) if _fits(parse, gender, case)]
    options = [str(base.word) for base in fitting if base is not None]
    if options:
        options += [option[:-2] + "ый" for option in options if option[-2:] == "ой" and option[:-2] + "ый" in bases]
        # "Подлесного" is of Подлесный and of Подлесной: as the text writes it elsewhere, else the commoner ending.
        best = min(options, key=lambda option: (option not in bases, option[-2:] == "ой" and len(options) > 1))
        return _match_case(best, word)
    return word if case == "nomn" or _name_parses(word) else _inflect_unknown(word, gender, case)


def _inflect_unknown(word: str, gender: str, case: str) -> str:
    """A surname the dictionary does not have, brought back as the common word it looks like."""
    for parse in _morphology().parse(word):
        if parse.tag.POS in {"NOUN", "ADJF"} and parse.tag.case == case and parse.tag.gender == gender:
            base = parse.inflect({"nomn", "sing"})
            if base is not None:
                return _match_case(str(base.word), word)
    return word


def _match_case(base: str, written: str) -> str:
    return base.upper() if written.isupper() and len(written) > 1 else base[:1].upper() + base[1:]


def _stretches(sentences: Sequence[Sentence]) -> Iterator[list[Sentence]]:
    """Neighbouring sentences tagged together: the tagger is several times faster on a page than on its sentences."""
    stretch: list[Sentence] = []
    for sentence in sentences:
        if stretch and (
            sentence.end - stretch[0].start > _STRETCH_CHARS or sentence.start - stretch[-1].end > _STRETCH_GAP
        ):
            yield stretch
            stretch = []
        stretch.append(sentence)
    if stretch:
        yield stretch


def _tag(text: str, sentences: Sequence[Sentence]) -> list[tuple[Sentence, int, int, PartyKind]]:
    from natasha import Doc

    segmenter, tagger = _natasha()
    origin = sentences[0].start
    document = Doc(text[origin : sentences[-1].end])
    document.segment(segmenter)
    document.tag_ner(tagger)
    starts = [sentence.start for sentence in sentences]
    found = []
    for span in document.spans:
        start, end = origin + span.start, origin + span.stop
        sentence = sentences[bisect_right(starts, start) - 1]
        if start == sentences[bisect_right(starts, start) - 1].start and _DATELINE.match(document.text, span.stop):
            continue
        if span.type in _KINDS and end <= sentence.end:
            found.append((sentence, start, end, _KINDS[span.type]))
    return found


@lru_cache(maxsize=1)
def _natasha() -> tuple[Any, Any]:
    # Two seconds and the model's memory: only a process that meets a Russian article pays.
    from natasha import NewsEmbedding, NewsNERTagger, Segmenter

    return Segmenter(), NewsNERTagger(NewsEmbedding())


@lru_cache(maxsize=1)
def _morphology() -> Any:
    # Loaded with the tagger, for the same reason.
    from pymorphy3 import MorphAnalyzer

    return MorphAnalyzer()
