"""Pronouns and descriptions that surely point to one named party; what is not sure points nowhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent.domain.taxonomy import PartyKind
from agent.reading.english.names import ORGANISATION_NOUNS, PERSON_NOUNS
from agent.reading.english.parse import ParsedSentence, subject_of, verb_above
from agent.reading.names import Naming
from agent.reading.parts import NameSpan, Pointer, Span

if TYPE_CHECKING:
    from spacy.tokens import Token

_PERSONAL = frozenset(["he", "him", "his", "himself", "she", "her", "hers", "herself"])
_DEFENDANTS = frozenset({"defendant", "accused", "suspect", "convict", "fugitive"})
_LOOK_BACK = 3
_EITHER = -1
"""Stands for a name that could be either of two parties: whoever it is, the answer is not sure."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a party stands: its cluster, the name it stands for, whether it is its sentence's main subject."""

    cluster: int
    span: Span
    is_subject: bool
    end: int


def find_pointers(sentences: Sequence[ParsedSentence], names: Iterable[NameSpan], naming: Naming) -> list[Pointer]:
    """Resolve third-person pronouns and definite descriptions.

    A pronoun takes the only person before it in its sentence, else the only person (or the person who is the main
    subject) of the nearest of the three sentences before. A description (``the former banker``, ``the company``) takes
    the only party of its kind in the nearest sentence before. Two candidates mean no answer.
    """
    places: dict[int, list[_Place]] = {}
    by_sentence: dict[str, list[NameSpan]] = {}
    for name in names:
        by_sentence.setdefault(name.sentence, []).append(name)
    pointers: list[Pointer] = []
    for sentence in sentences:
        here = places.setdefault(sentence.index, [])
        for name in by_sentence.get(sentence.id, ()):
            if name.described and name.name.split(" ", 1)[0].lower() not in {"a", "an", "the"}:
                continue  # several people are no antecedent of he or she
            span = (name.start, name.end)
            cluster = naming.cluster_at(span)
            place = _EITHER if cluster is None else cluster
            if cluster is not None or naming.is_ambiguous(name.name):
                here.append(_Place(place, span, _is_main_subject(sentence, span), span[1]))
        for token in sentence.doc:
            kind = _points_to(token, sentence, by_sentence.get(sentence.id, ()))
            if kind is None:
                continue
            antecedent = _antecedent(token, sentence, places, naming, kind)
            if antecedent is not None:
                span = sentence.span_of(token, token)
                pointers.append(Pointer(span[0], span[1], sentence.id, antecedent.span))
                here.append(_Place(antecedent.cluster, antecedent.span, _is_main_subject(sentence, span), span[1]))
    return pointers


def _points_to(token: Token, sentence: ParsedSentence, names: Sequence[NameSpan]) -> PartyKind | None:
    if token.lower_ in _PERSONAL and token.pos_ in {"PRON", "DET"}:
        return PartyKind.PERSON
    if token.pos_ != "NOUN" or not any(child.lower_ == "the" and child.dep_ == "det" for child in token.children):
        return None
    if any(child.dep_ in {"appos", "prep", "relcl"} for child in token.children) or token.dep_ in {"appos", "compound"}:
        return None
    if any(abs(name.start - (sentence.start + token.idx + len(token.text))) <= 1 for name in names):
        return None
    if token.lower_ in PERSON_NOUNS or token.lower_ in _DEFENDANTS:
        return PartyKind.PERSON
    return PartyKind.ORGANISATION if token.lower_ in ORGANISATION_NOUNS - {"court"} else None


def _antecedent(
    token: Token, sentence: ParsedSentence, places: dict[int, list[_Place]], naming: Naming, kind: PartyKind
) -> _Place | None:
    here = sentence.start + token.idx
    is_pronoun = token.lower_ in _PERSONAL
    other_than = _own_subject(token, sentence) if is_pronoun else None
    before = [
        place
        for place in _of_kind(places[sentence.index], naming, kind)
        if place.end <= here and not (other_than is not None and place.span[0] <= other_than < place.end)
    ]
    if is_pronoun and before:
        return _only(before, naming)
    for index in range(sentence.index - 1, max(-1, sentence.index - 1 - _LOOK_BACK), -1):
        candidates = _of_kind(places.get(index, []), naming, kind)
        if candidates:
            return _only(candidates, naming) if is_pronoun else _single(candidates)
    return None


def _own_subject(token: Token, sentence: ParsedSentence) -> int | None:
    """Where the subject of an object pronoun's own verb stands: ``X jailed him`` does not speak of X twice."""
    if token.lower_ not in {"him", "her"} or token.dep_ not in {"dobj", "dative", "pobj"}:
        return None
    verb = verb_above(token)
    subject = subject_of(verb) if verb is not None else None
    return sentence.start + subject.idx if subject is not None else None


def _of_kind(places: Sequence[_Place], naming: Naming, kind: PartyKind) -> list[_Place]:
    other = PartyKind.ORGANISATION if kind is PartyKind.PERSON else PartyKind.PERSON
    return [place for place in places if place.cluster == _EITHER or naming.clusters[place.cluster].kind is not other]


def _single(places: Sequence[_Place]) -> _Place | None:
    clusters = {place.cluster for place in places}
    return places[-1] if len(clusters) == 1 and _EITHER not in clusters else None


def _only(places: Sequence[_Place], naming: Naming) -> _Place | None:
    """The one candidate, or among several the one that is the main subject."""
    alone = _single(places)
    if alone is not None:
        return alone
    return _single([place for place in places if place.is_subject and _is_sure(place, naming)])


def _is_sure(place: _Place, naming: Naming) -> bool:
    """Where several could be meant, a party of unknown kind is not taken for a person."""
    return place.cluster != _EITHER and naming.clusters[place.cluster].kind is PartyKind.PERSON


def _is_main_subject(sentence: ParsedSentence, span: Span) -> bool:
    root = sentence.root_of(span)
    if root is not None and root.dep_ == "appos" and not any(child.dep_ == "poss" for child in root.head.children):
        root = root.head  # but not in ``his lawyer, X, said he …``, where he is whose lawyer X is
    return root is not None and root.dep_ in {"nsubj", "nsubjpass"} and root.head.dep_ == "ROOT"
