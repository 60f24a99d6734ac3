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

_AUTHORITIES: Final = ("court", "government")
_NEUTRAL_SPEAKERS: Final = ("court", "government", "organisation")
_BESIDE: Final = re.compile(r" ?,? ?")
_NEAR_CUE: Final = re.compile(r" ?(?:,[^,;:]{1,60},)? ?(?:[\w'-]+ ){0,2}")
_AFTER_NAME: Final = re.compile(r" ?,? ?(?:[\w']+ ){0,1}")
_CLOSES_APPOSITION: Final = re.compile(r" ?[,.)(;]|$")
_OWNER: Final = re.compile(
    r"(?: (?:de|del|des|du|do|da|dos|das|von|vom|der|ihres|seines|seiner|ihrer)(?: (?:la|los|las|l'))? ?| d'| (?!\w))"
    rf"(?:(?!{NAME_MARK}|{ORGANISATION_MARK})[\w'.-]+ ){{0,3}}?(?:[{NAME_MARK}{ORGANISATION_MARK}]+|[\w'-]+(?![\w.]))"
)
"""Whose lawyer (wife, expert …) the noun before it is: ``of X``, ``of the old general``."""
_CALLED: Final = re.compile(rf"(?P<gap> ?,? (?P<between>(?:[\w'.-]+ ){{0,3}}?))(?P<name>{NAME_MARK}+)")
_RUSSIAN_OWNER: Final = re.compile(rf" (?:{NAME_MARK}+|[\w-]+(?: [\w-]+)?)(?= {NAME_MARK})")
_PLACE_AFTER: Final = re.compile(
    r"(?: (?:de|del|la|las|los|lo|du|des|da|do|das|dos|am|an|der|en|no|número|n\.?º|\d+|instrucción|instruction|penal|"
    r"primera|instancia|correctionnel|judiciaire|judicial|provincial|criminal|comarca|federal|d'instruction))*"
    r" (?:d'|l')?[^\W\d_][\w-]+(?: (?:de|del|la|do|da|du|am|an der) [^\W\d_a-zà-ÿ][\w-]+)*"
)
_OWNED_BY_NAME: Final = re.compile(
    rf" (?:(?:de |del |do |da |du |des |von |d')?(?:[\w'.]+ ){{0,2}}?)[{NAME_MARK}{ORGANISATION_MARK}]+"
)
_OWNER_REACH: Final = 40
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
    """Roles that a noun right beside a name gives, or a predicate that goes on from it, once a role and name."""
    seen: set[tuple[Span, Role]] = set()
    for role, words in lexicon.roles.items():
        for match in words.finditer(sentence.masked):
            beside = list(_names_beside(sentence, match.start(), match.end(), lexicon))
            called = _called_after_owner(sentence, match.end(), lexicon) if not beside else None
            for name in [*beside, *([called[1]] if called else [])]:
                key = (span_of(name), role)
                if key not in seen and name.span.kind is not PartyKind.ORGANISATION:
                    seen.add(key)
                    yield RoleClue(span_of(name), role, sentence.sentence.id)


def _names_beside(sentence: MaskedSentence, start: int, end: int, lexicon: Lexicon) -> Iterator[FoundName]:
    followed = any(first >= end and sentence.masked[end:first] == " " for first, _, _ in sentence.names)
    for first, last, name in sentence.names:
        if last == start:
            # An entry that begins with a space or comma goes on from a name: "X gilt als Zeuge".
            yield name
        elif last <= start:
            # "of X, Me Y": a title that goes before a name says nothing of the name before it.
            if followed:
                continue
            between = sentence.masked[last:start]
            if "," in between and _AFTER_NAME.fullmatch(between) and not lexicon.genitives.search(between):
                yield name
        elif first >= end:
            between = sentence.masked[end:first]
            if not _BESIDE.fullmatch(between) or name.nominative is False or _is_owner(sentence, last, lexicon):
                return
            if "," not in between or _CLOSES_APPOSITION.match(sentence.masked, last):
                yield name
            return


def _is_owner(sentence: MaskedSentence, end: int, lexicon: Lexicon) -> bool:
    """``адвокат Шумейко Полина Вересова``: a name that another follows at once is whose lawyer she is."""
    return lexicon.language == "ru" and any(
        first == end + 1 and sentence.masked[end] == " " and name.nominative is not False
        for first, _, name in sentence.names
    )


def _called_after_owner(sentence: MaskedSentence, end: int, lexicon: Lexicon) -> tuple[int, FoundName] | None:
    """``(lawyer) of X, Y``: where Y ends, and Y itself."""
    if lexicon.language == "ru":
        owner = _RUSSIAN_OWNER.match(sentence.masked, end)
        name = next((part for part in sentence.names if owner and part[0] == owner.end() + 1), None)
        return (name[1], name[2]) if name is not None and name[2].nominative is not False else None
    owner = _OWNER.match(sentence.masked, end)
    while owner is not None:
        found = _called(sentence, owner.end(), lexicon)
        if found is not None and "," in sentence.masked[owner.end() : found[0]]:
            return found[1:]
        more = re.compile(r" [\w'-]+").match(sentence.masked, owner.end())
        owner = more if more is not None and more.end() - end <= _OWNER_REACH else None
    return None


def _called(sentence: MaskedSentence, end: int, lexicon: Lexicon) -> tuple[int, int, FoundName] | None:
    """The name that goes on from a noun, with a title between or a comma: where it starts and ends, and itself."""
    match = _CALLED.match(sentence.masked, end)
    if match is None:
        return None
    words = match["between"].split()
    # After a comma anything may lead up to the title (", represented by lawyer X"); without one, titles alone.
    nouns = (lexicon.titles, lexicon.roles[Role.LAWYER])
    led_by = words[-1:] if "," in match["gap"] else words
    if not all(any(kind.fullmatch(word) for kind in nouns) for word in led_by):
        return None
    if "," in match["gap"] and not _CLOSES_APPOSITION.match(sentence.masked, match.end()):
        return None
    if not words and "," not in match["gap"] and match["gap"] != " ":
        return None
    name = next((part for part in sentence.names if part[0] <= match.start("name") < part[1]), None)
    if name is None or name[2].nominative is False or _is_owner(sentence, name[1], lexicon):
        return None
    return match.start("name"), match.end("name"), name[2]


def name_authority(sentence: MaskedSentence, start: int, end: int) -> str:
    """A court or authority as written, with the name or the place that goes on from it."""
    for first, last, name in sentence.names:
        if name.span.kind is PartyKind.ORGANISATION and first < end and last > start:
            start, end = min(start, first), max(end, last)
    place = _PLACE_AFTER.match(sentence.folded.text, end)
    inside = place is not None and not any(
        first < place.end() and last > end and name.span.kind is not PartyKind.ORGANISATION
        for first, last, name in sentence.names
    )
    if place is not None and inside and _ends_in_capital(place.group()):
        end = place.end()
    return _written(sentence, start, end)


def _ends_in_capital(words: str) -> bool:
    last = re.sub(r"^[dl]'", "", words.split()[-1])
    return last[:1].isupper()


def _written(sentence: MaskedSentence, start: int, end: int) -> str:
    first, last = sentence.place(start, end)
    offset = sentence.sentence.start
    return " ".join(sentence.original[first - offset : last - offset].split())[:200]


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
    sentence: MaskedSentence,
    cues: Sequence[Cue],
    lexicon: Lexicon,
    roles: Sequence[RoleClue],
    accused: Sequence[Span],
    pointed: MaskedSentence | None = None,
) -> Iterator[CounterClue]:
    """One clue a kind: who says it in the article's words, and about whom when only one party can be meant.

    ``pointed`` is the sentence with the words that point to somebody marked as names are: they may deny too.
    """
    about = _spoken_of(sentence, roles, accused)
    denier = _find_denier(pointed or sentence, cues, roles)
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
        own = _denying_name(pointed or sentence, start, roles)
        if own is not None and kind is CounterEvidenceKind.DENIAL:
            yield CounterClue(kind, sentence.sentence.id, own.span.name, True, (span_of(own),))
            continue
        by, speaker = _nearest_speaker(sentence, start, end, lexicon, tuple(lexicon.speakers))
        if speaker is None and denier is not None:
            # "X denied it and spoke of persecution": who denies goes on speaking.
            yield CounterClue(kind, sentence.sentence.id, denier.span.name, True, (span_of(denier),))
            continue
        yield CounterClue(kind, sentence.sentence.id, by, speaker in INTERESTED_SPEAKERS, about)


def _find_denier(sentence: MaskedSentence, cues: Sequence[Cue], roles: Sequence[RoleClue]) -> FoundName | None:
    for cue in cues:
        if cue.kind is CueKind.COUNTER_EVIDENCE and cue.value == CounterEvidenceKind.DENIAL and not cue.negated:
            start = sentence.folded.position(cue.start - sentence.sentence.start)
            if (own := _denying_name(sentence, start, roles)) is not None:
                return own
    return None


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
        # The name of an authority may be found as an organisation's; other speakers are read outside names.
        stretch = sentence.words if speaker in _AUTHORITIES else sentence.masked
        for match in words.finditer(stretch) if words else ():
            if match.start() < end and match.end() > start:
                continue
            distance = start - match.end() if match.end() <= start else 2 * (match.start() - end) + 10
            found = (distance, match.start(), match.end(), speaker)
            best = found if best is None or found < best else best
    if best is None:
        return NOT_STATED, None
    _, first, last, speaker = best
    if speaker in _AUTHORITIES:
        return name_authority(sentence, first, last), speaker
    # "The defence of X, represented by lawyer Y": the lawyer belongs to the phrase that the defence begins.
    for match in lexicon.speakers[speaker].finditer(sentence.masked, 0, first):
        if _phrase_end(sentence, match.end(), lexicon) >= last:
            first, last = match.span()
            break
    # "X, lawyer of Y": the name before the comma is the speaker's own.
    own = re.search(rf"(?:(?<!\w)(?:me|m\.|mme|dr\.?|dra\.?) )?{NAME_MARK}+ ?, ?$", sentence.masked[:first])
    return _written(sentence, own.start() if own else first, _phrase_end(sentence, last, lexicon)), speaker


def _phrase_end(sentence: MaskedSentence, end: int, lexicon: Lexicon) -> int:
    """Where a speaker's phrase ends: with the speaker's name, else with the name of who is spoken for."""
    found = _called(sentence, end, lexicon)
    called = (found[1], found[2]) if found is not None else _called_after_owner(sentence, end, lexicon)
    if called is not None:
        return called[0]
    owner = _OWNED_BY_NAME.match(sentence.masked, end)
    return owner.end() if owner is not None else end
