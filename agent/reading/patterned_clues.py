"""Roles, ages and counter-evidence of a sentence read by patterns: nouns beside names, and who says otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from agent.domain.alert import Sentence
from agent.domain.folding import FoldedText
from agent.domain.reading import Cue, CueKind
from agent.domain.taxonomy import CONTESTING_KINDS, CounterEvidenceKind, FeatureName, PartyKind, Role
from agent.reading.lexicon import INTERESTED_SPEAKERS, Lexicon
from agent.reading.lexicon_file import NAME_MARK, ORGANISATION_MARK
from agent.reading.parts import AttributeClue, CounterClue, RoleClue, Span
from agent.reading.patterned_names import FoundName, span_of

NOT_STATED: Final = "not stated"
"""What ``by`` holds when the article does not say who makes the statement."""

_NEUTRAL_SPEAKERS: Final = ("court", "government", "organisation")
_BESIDE: Final = re.compile(r" ?,? ?")
_NEAR_CUE: Final = re.compile(r" ?(?:,[^,;:]{1,60},)? ?(?:[\w'-]+ ){0,2}")
_AFTER_NAME: Final = re.compile(r" ?,? ?(?:[\w']+ ){0,1}")
_CLOSES_APPOSITION: Final = re.compile(r" ?[,.)(;]|$")
_AGE_REACH: Final = 40
_PROFESSIONS: Final = frozenset(
    (Role.LAWYER, Role.OFFICIAL, Role.JOURNALIST, Role.WITNESS, Role.VICTIM, Role.PLAINTIFF)
)


@dataclass(frozen=True, slots=True)
class MaskedSentence:
    """A sentence with every character of its names replaced by a mark, and the way back to the article."""

    sentence: Sentence
    original: str
    folded: FoldedText
    words: str
    """Folded, lower case."""
    masked: str
    """``words`` with the names marked."""
    names: tuple[tuple[int, int, FoundName], ...]
    """Names in order with their places in ``masked``."""

    def place(self, start: int, end: int) -> Span:
        """Article offsets of a stretch of ``masked``."""
        span = self.folded.span(start, end) or (0, len(self.original))
        return self.sentence.start + span[0], self.sentence.start + span[1]

    def names_in(self, start: int, end: int) -> list[FoundName]:
        """The names that lie inside a stretch of ``masked``."""
        return [name for first, last, name in self.names if first >= start and last <= end]


def find_roles(sentence: MaskedSentence, lexicon: Lexicon) -> Iterator[RoleClue]:
    """Roles that a noun right beside a name gives, once a role and name."""
    seen: set[tuple[Span, Role]] = set()
    for role, words in lexicon.roles.items():
        for match in words.finditer(sentence.masked):
            for name in _names_beside(sentence, match.start(), match.end(), lexicon):
                key = (span_of(name), role)
                if key not in seen and name.span.kind is not PartyKind.ORGANISATION:
                    seen.add(key)
                    yield RoleClue(span_of(name), role, sentence.sentence.id)


def _names_beside(sentence: MaskedSentence, start: int, end: int, lexicon: Lexicon) -> Iterator[FoundName]:
    for first, last, name in sentence.names:
        if last <= start:
            between = sentence.masked[last:start]
            if "," in between and _AFTER_NAME.fullmatch(between) and not lexicon.genitives.search(between):
                yield name
        elif first >= end:
            between = sentence.masked[end:first]
            if not _BESIDE.fullmatch(between) or name.nominative is False:
                return
            if "," not in between or _CLOSES_APPOSITION.match(sentence.masked, last):
                yield name
            return


def find_ages(sentence: MaskedSentence, lexicon: Lexicon) -> Iterator[AttributeClue]:
    """Ages stated right beside a person's name, after it or before it."""
    read: set[int] = set()
    for pattern in lexicon.ages:
        for match in pattern.finditer(sentence.masked):
            if match.start("age") in read:
                continue
            name = _aged_name(sentence, match.start(), match.end())
            if name is None or name.span.kind is PartyKind.ORGANISATION or not 10 <= int(match["age"]) <= 115:
                continue
            read.add(match.start("age"))
            place = sentence.place(*match.span("age"))
            yield AttributeClue(span_of(name), FeatureName.AGE, match["age"], *place, sentence.sentence.id)


def _aged_name(sentence: MaskedSentence, start: int, end: int) -> FoundName | None:
    before = [(last, name) for _, last, name in sentence.names if last <= start]
    if before and re.fullmatch(r" ?[,(]? ?(?:[\w']+ ){0,1}", sentence.masked[before[-1][0] : start]):
        return before[-1][1]
    after = [(first, name) for first, _, name in sentence.names if first >= end]
    if after and re.fullmatch(r"(?: [\w'-]+){0,3} ", sentence.masked[end : after[0][0]]):
        return after[0][1] if after[0][0] - end <= _AGE_REACH else None
    return None


def find_counters(
    sentence: MaskedSentence, cues: Sequence[Cue], lexicon: Lexicon, roles: Sequence[RoleClue], accused: Sequence[Span]
) -> Iterator[CounterClue]:
    """One clue a kind: who says it in the article's words, and about whom when only one party can be meant."""
    about = _spoken_of(sentence, roles, accused)
    seen: set[str] = set()
    for cue in cues:
        if cue.kind is not CueKind.COUNTER_EVIDENCE or cue.negated or cue.value in seen:
            continue
        seen.add(cue.value)
        kind = CounterEvidenceKind(cue.value)
        start = sentence.folded.position(cue.start - sentence.sentence.start)
        end = sentence.folded.position(cue.end - sentence.sentence.start)
        if kind not in CONTESTING_KINDS:
            by, _ = _nearest_speaker(sentence, start, end, lexicon, _NEUTRAL_SPEAKERS)
            yield CounterClue(kind, sentence.sentence.id, by, False, about)
            continue
        own = _denying_name(sentence, start, roles)
        if own is not None and kind is CounterEvidenceKind.DENIAL:
            yield CounterClue(kind, sentence.sentence.id, own.span.name, True, (span_of(own),))
            continue
        by, speaker = _nearest_speaker(sentence, start, end, lexicon, tuple(lexicon.speakers))
        yield CounterClue(kind, sentence.sentence.id, by, speaker in INTERESTED_SPEAKERS, about)


def _spoken_of(sentence: MaskedSentence, roles: Sequence[RoleClue], accused: Sequence[Span]) -> tuple[Span, ...]:
    if accused:
        return tuple(accused) if len(accused) == 1 else ()
    aside = {clue.span for clue in roles if clue.role in _PROFESSIONS}
    open_names = [
        span_of(name)
        for _, _, name in sentence.names
        if name.span.kind is not PartyKind.ORGANISATION and span_of(name) not in aside
    ]
    return tuple(open_names) if len(open_names) == 1 else ()


def _denying_name(sentence: MaskedSentence, cue_start: int, roles: Sequence[RoleClue]) -> FoundName | None:
    """The name that is the subject of a denial: it stands right before it and is nobody's lawyer or spokesman."""
    before = [(last, name) for _, last, name in sentence.names if last <= cue_start]
    if not before or not _NEAR_CUE.fullmatch(sentence.masked[before[-1][0] : cue_start]):
        return None
    name = before[-1][1]
    aside = any(clue.span == span_of(name) and clue.role in _PROFESSIONS for clue in roles)
    return None if aside or name.nominative is False else name


def _nearest_speaker(
    sentence: MaskedSentence, start: int, end: int, lexicon: Lexicon, allowed: Sequence[str]
) -> tuple[str, str | None]:
    """The speaker nearest to a cue, one before it preferred, with the name in apposition."""
    best: tuple[int, int, int, str] | None = None
    for speaker in allowed:
        words = lexicon.speakers.get(speaker)
        for match in words.finditer(sentence.masked) if words else ():
            if match.start() < end and match.end() > start:
                continue
            distance = start - match.end() if match.end() <= start else 2 * (match.start() - end) + 10
            found = (distance, match.start(), match.end(), speaker)
            best = found if best is None or found < best else best
    if best is None:
        return NOT_STATED, None
    _, first, last, speaker = best
    named = re.compile(rf" ?,? ?[{NAME_MARK}{ORGANISATION_MARK}]+").match(sentence.masked, last)
    if named and ("," not in named.group() or _CLOSES_APPOSITION.match(sentence.masked, named.end())):
        last = named.end()
    # "X, lawyer of Y": the name before the comma is the speaker's own.
    owner = re.search(rf"[{NAME_MARK}{ORGANISATION_MARK}]+ ?, ?$", sentence.masked[:first])
    place = sentence.place(owner.start() if owner else first, last)
    offset = sentence.sentence.start
    return " ".join(sentence.original[place[0] - offset : place[1] - offset].split())[:200], speaker
