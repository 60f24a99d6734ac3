"""Names of a Russian article: found by natasha's tagger, brought to the nominative by pymorphy3's dictionary."""

from __future__ import annotations

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
_NAME_TAGS: Final = ("Name", "Surn", "Patr")
_GENDERS: Final = ("masc", "femn")
_CASES: Final = ("nomn", "gent", "datv", "accs", "ablt", "loct")


def find_russian_names(
    text: str, sentences: Sequence[Sentence], with_cues: Collection[str], known_names: Sequence[str] = ()
) -> list[FoundName]:
    """People and organisations of a Russian text, people in the nominative; ``with_cues`` holds sentence ids."""
    read = sentences if len(text) <= TAGGED_CHARS else [part for part in sentences if part.id in with_cues]
    bases = {part.casefold() for name in known_names for part in name.split()}
    tagged = [found for stretch in _stretches(read) for found in _tag(text, stretch)]
    names = []
    full = [span for span in tagged if span[3] is PartyKind.PERSON and " " in text[span[1] : span[2]].strip()]
    for _, start, end, _ in full:
        bases.update(part.casefold() for part in to_nominative(text[start:end])[0].split())
    for sentence, start, end, kind in tagged:
        written = text[start:end]
        name, nominative = (written.strip("«»\"' "), None)
        if kind is PartyKind.PERSON:
            name, nominative = to_nominative(written, frozenset(bases))
        if name:
            span = NameSpan(start, end, sentence.id, name, kind)
            names.append(FoundName(span, nominative=nominative))
    return names


def to_nominative(written: str, bases: frozenset[str] = frozenset()) -> tuple[str, bool | None]:
    """The base form of a person's name as written, and whether it was written in the nominative (None: cannot tell).

    All parts must agree in case and gender; ``bases`` (case-folded) settles single words that could be two cases.
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
    gender, case = max(readings, key=lambda reading: (readings[reading], reading[1] == "nomn"))
    return _inflect(words, gender, case), case == "nomn"


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


def _inflect(words: Sequence[str], gender: str, case: str) -> str:
    return " ".join("-".join(_inflect_word(part, gender, case) for part in word.split("-")) for word in words)


def _inflect_word(word: str, gender: str, case: str) -> str:
    for parse in _name_parses(word):
        if _fits(parse, gender, case):
            base = parse.inflect({"nomn", "sing"})
            if base is not None:
                return _match_case(str(base.word), word)
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
