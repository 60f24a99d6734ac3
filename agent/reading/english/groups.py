"""Several people told of together: ``three men … They are X, Y and Z``, ``both men``, ``among them X``.

A group that the article itself resolves into names stands for these names; one that it does not resolve stays a
description.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from agent.domain.taxonomy import PartyKind
from agent.reading.english.parse import ParsedSentence
from agent.reading.names import Naming
from agent.reading.parts import NameSpan, Span

_NUMBERS: Final = {
    word: number for number, word in enumerate("two three four five six seven eight nine ten".split(), start=2)
} | {"both": 2, "pair": 2, "couple": 2, "duo": 2, "trio": 3}
_BACK: Final = re.compile(
    r"(?<!\w)(?:both(?: of them| (?:men|women|brothers|sisters|companies|firms|defendants|suspects|officials"
    r"|officers))?"
    r"|the (?:two|three|four|five)(?: (?:men|women|brothers|sisters|companies|firms|defendants|suspects|accused"
    r"|officials|officers))?|all (?:two|three|four|five|six)|the (?:pair|couple|duo|trio))(?![\w-])",
    re.IGNORECASE,
)
_AHEAD: Final = re.compile(
    r"(?:they|those (?:arrested|charged|named|detained|convicted)|the (?:\w+ ){0,2}(?:men|women|people|accused"
    r"|defendants"
    r"|suspects|companies|firms|others|brothers))(?: (?:\w+ )?(?:are|were|have been|has been))?"
    r"(?: (?:named|identified)(?: by [^,]{3,40})? as| named| are| were|:)\s",
    re.IGNORECASE,
)
_AMONG: Final = re.compile(
    r"(?:among (?:them|those\b[^,.]{0,30}|the \w+)|one of (?:them|those\b[^,.]{0,30}))(?:,| is| are| was| were)\s", re.I
)
_WITHIN: Final = 60
"""Characters that may stand between two names of a list: an age, a trade."""
_BREAKS: Final = re.compile(
    r"[;:]|\.\s|\b(?:was|were|is|are|has|have|had|who|whom|whose|said|says|told|while|but|against|for|by)\b", re.I
)
_REACH: Final = 2
"""Sentences back to which *both men* looks for the two people it stands for."""


@dataclass(frozen=True, slots=True)
class Group:
    """Several people told of together at a place, and the first mentions of those it stands for."""

    span: Span
    sentence: str
    members: tuple[Span, ...]
    complete: bool = True
    """False where the members are only some of the group: ``among them X``."""


def find_groups(
    sentences: Sequence[ParsedSentence], names: Mapping[str, Sequence[NameSpan]], naming: Naming
) -> Iterator[Group]:
    """Every group that the article resolves into names."""
    for sentence in sentences:
        own = names[sentence.id]
        for described in own:
            if not described.described or (number := _number_of(described.name)) == 1:
                continue
            members = _listed_after(sentence, described, own, naming, number)
            if members:
                yield Group((described.start, described.end), sentence.id, members)
                continue
            following = sentences[sentence.index + 1 : sentence.index + 4]
            yield from _named_later(described, number, following, names, naming)
        yield from _named_before(sentence, sentences, names, naming)


def _number_of(words: str) -> int | None:
    """How many a description speaks of: 1 for one, None where it does not say."""
    opening = words.lower().split()[:2]
    if opening[0] in {"a", "an", "one", "another"}:
        return 1
    found = next((_NUMBERS[word] for word in opening if word in _NUMBERS), None)
    if found is None and opening[0] == "the" and len(opening) > 1 and not opening[1].endswith("s"):
        return 1
    return found


def _listed_after(
    sentence: ParsedSentence, described: NameSpan, own: Sequence[NameSpan], naming: Naming, number: int | None
) -> tuple[Span, ...]:
    """``two people: X and Y``; ``two men from Piraeus, X and Y, are serving``."""
    after = [name for name in own if name.start > described.end and not name.described]
    if after and re.fullmatch(r" (?:from|of|in|near) ", sentence.text_of((described.end, after[0].start))):
        after = after[1:]  # "two men from Bodø, X and Y"
    if not after:
        return ()
    between = sentence.text_of((described.end, after[0].start))
    colon = between.rstrip().endswith((":", "–", "-", "—"))
    comma = between.rstrip().endswith(",") and not _BREAKS.search(between)
    if not (colon or comma or re.fullmatch(r"(?: \w+){0,3} (?:as|named) ", between)):
        return ()
    listed = _list_from(sentence, after, naming)
    if number is None:
        return listed if colon and len(listed) > 1 else ()
    return listed if len(listed) == number else ()


def _list_from(sentence: ParsedSentence, names: Sequence[NameSpan], naming: Naming) -> tuple[Span, ...]:
    """First mentions of the people listed from a name on, as long as only ages and trades stand between them."""
    listed = [names[0]]
    for name in names[1:]:
        between = sentence.text_of((listed[-1].end, name.start))
        if len(between) > _WITHIN or _BREAKS.search(between):
            break
        if name.kind is PartyKind.ORGANISATION and listed[0].kind is PartyKind.PERSON:
            continue
        listed.append(name)
    return tuple(dict.fromkeys(naming.first_span((name.start, name.end)) for name in listed))


def _named_later(
    described: NameSpan,
    number: int | None,
    following: Sequence[ParsedSentence],
    names: Mapping[str, Sequence[NameSpan]],
    naming: Naming,
) -> Iterator[Group]:
    for sentence in following:
        text = sentence.doc.text
        named = [name for name in names[sentence.id] if not name.described]
        ahead, among = _AHEAD.match(text), _AMONG.match(text)
        opening = ahead or among
        if opening is None or not named or named[0].start - sentence.start - opening.end() > _WITHIN:
            continue
        members = _list_from(sentence, named, naming)
        if ahead is not None and number is not None and len(members) != number:
            continue
        if ahead is not None and len(members) < 2:
            continue
        yield Group((described.start, described.end), described.sentence, members, complete=ahead is not None)
        return


def _named_before(
    sentence: ParsedSentence,
    sentences: Sequence[ParsedSentence],
    names: Mapping[str, Sequence[NameSpan]],
    naming: Naming,
) -> Iterator[Group]:
    """``Both men have been sent to trial``, where exactly two people were named just before."""
    for match in _BACK.finditer(sentence.doc.text):
        words = match.group().lower().split()
        root = sentence.root_of((sentence.start + match.start(), sentence.start + match.end()))
        if root is None or root.dep_ in {"nummod", "det", "predet", "amod", "compound", "preconj", "cc"}:
            continue  # "the two factories", "both X and Y"
        number = next((_NUMBERS[word] for word in words[:2] if word in _NUMBERS), None)
        companies = words[-1] in {"companies", "firms"}
        for back in range(1, _REACH + 1):
            if sentence.index < back:
                break
            before = names[sentences[sentence.index - back].id]
            people = [name for name in before if _fits(name, naming, companies=companies)]
            members = tuple(dict.fromkeys(naming.first_span((name.start, name.end)) for name in people))
            if len(members) == number:
                span = (sentence.start + match.start(), sentence.start + match.end())
                yield Group(span, sentence.id, members)
            if members:
                break


def _fits(name: NameSpan, naming: Naming, *, companies: bool) -> bool:
    index = naming.cluster_at((name.start, name.end))
    if name.described or index is None:
        return False
    is_company = naming.clusters[index].kind is PartyKind.ORGANISATION
    return is_company == companies
