"""Pronouns and descriptions that surely point to one named party; what is not sure points nowhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent.domain.taxonomy import FeatureName, PartyKind
from agent.reading.english.names import ORGANISATION_NOUNS, PERSON_NOUNS
from agent.reading.english.parse import ParsedSentence, subject_of, verb_above
from agent.reading.names import Cluster, Naming
from agent.reading.parts import AttributeClue, NameSpan, Pointer, Span

if TYPE_CHECKING:
    from spacy.tokens import Token

_PERSONAL = frozenset(["he", "him", "his", "himself", "she", "her", "hers", "herself"])
_IMPERSONAL = frozenset({"it", "its"})
_DEFENDANTS = frozenset({"defendant", "accused", "suspect", "convict", "fugitive"})
_OFFICERS = frozenset(
    """prosecutor judge lawyer attorney officer agent witness detective investigator reporter journalist minister
    official victim secretary spokesman spokeswoman spokesperson resident governor mayor president premier
    """.split()
)
"""Whoever holds an office or a part in a case is pointed to only where the text gave it to one person by name."""
_BODIES = frozenset({"court", "agency", "ministry", "department", "regulator", "watchdog", "unit", "exchange"})
_AUTHORITY = re.compile(
    r"\b(?:court|tribunal|ministry|minister|office|commission|police|authority|department|bureau|parliament|senate"
    r"|congress|interpol|treasury|government|union|council|service)\b",
    re.IGNORECASE,
)
_CASE_WORDS = frozenset(
    "convicted accused arrested detained suspected jailed charged indicted acquitted wanted".split()
)
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


@dataclass(frozen=True, slots=True)
class _Told:
    """What the article tells of its people once and later uses for a name: cluster by age, by trade, by country."""

    by_words: Mapping[tuple[FeatureName, str], int]

    def one_with(self, name: FeatureName, value: str) -> int | None:
        """The one cluster of which that is told; None where it is told of nobody or of two."""
        found = self.by_words.get((name, value))
        return found if found is not None and found >= 0 else None


def _gather_told(naming: Naming, attributes: Iterable[AttributeClue]) -> _Told:
    found: dict[tuple[FeatureName, str], int] = {}
    for clue in attributes:
        cluster = naming.cluster_at(clue.span)
        if cluster is None:
            continue
        value = clue.value.lower().split()[-1] if clue.name is FeatureName.OCCUPATION else clue.value
        key = (clue.name, value)
        found[key] = cluster if found.get(key, cluster) == cluster else _EITHER
    return _Told(found)


def find_pointers(
    sentences: Sequence[ParsedSentence], names: Iterable[NameSpan], naming: Naming, attributes: Iterable[AttributeClue]
) -> list[Pointer]:
    """Resolve third-person pronouns and definite descriptions.

    A pronoun takes the only person before it in its sentence, else the only person (or the person who is the main
    subject) of the nearest of the three sentences before. A description (``the former banker``, ``the company``) takes
    the only party of its kind in the nearest sentence before. Two candidates mean no answer. What the article told of
    one person alone (``the driver``, ``the 53-year-old``) points to that person from anywhere behind it.
    """
    told = _gather_told(naming, attributes)
    sexes: dict[int, str] = {}
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
            own = by_sentence.get(sentence.id, ())
            antecedent = _told_before(token, sentence, naming, told, own)
            kind = _points_to(token, sentence, own) if antecedent is None else None
            if kind is not None:
                antecedent = _antecedent(token, sentence, _without(places, _sex_of(token), sexes), naming, kind)
            if antecedent is not None:
                span = sentence.span_of(token, token)
                if (sex := _sex_of(token)) is not None:
                    sexes.setdefault(antecedent.cluster, sex)
                pointers.append(Pointer(span[0], span[1], sentence.id, antecedent.span))
                here.append(_Place(antecedent.cluster, antecedent.span, _is_main_subject(sentence, span), span[1]))
    return pointers


def _sex_of(token: Token) -> str | None:
    """Which of *he* and *she* a pronoun is a form of; None for other words."""
    if token.lower_ not in _PERSONAL:
        return None
    return "he" if token.lower_.startswith("hi") or token.lower_ == "he" else "she"


def _without(places: dict[int, list[_Place]], sex: str | None, sexes: Mapping[int, str]) -> dict[int, list[_Place]]:
    """The places, save those of people whom the text has already called by the other pronoun."""
    if sex is None or not sexes:
        return places
    return {index: [one for one in found if sexes.get(one.cluster, sex) == sex] for index, found in places.items()}


def _told_before(
    token: Token, sentence: ParsedSentence, naming: Naming, told: _Told, names: Sequence[NameSpan]
) -> _Place | None:
    """Whom ``the driver`` or ``the 53-year-old`` can only be: told of one person, in an earlier sentence."""
    if not any(child.lower_ == "the" and child.dep_ == "det" for child in token.children) or token.dep_ in _INSIDE:
        return None
    here = sentence.start + token.idx
    if any(abs(name.start - (here + len(token.text))) <= 1 for name in names):
        return None
    if any(child.dep_ in {"appos", "relcl", "prep"} and child.lower_ != "in" for child in token.children):
        return None
    index = None
    age = _age_of(token)
    if age is not None:
        index = told.one_with(FeatureName.AGE, age)
    elif token.pos_ == "NOUN":
        index = told.one_with(FeatureName.OCCUPATION, token.lower_)
    if index is None or not naming.clusters[index].spans:
        return None
    first = naming.clusters[index].spans[0]
    if first.start >= sentence.start:
        return None
    return _Place(index, (first.start, first.end), is_subject=False, end=first.end)


_INSIDE = frozenset({"appos", "compound", "amod", "nmod"})


def _age_of(token: Token) -> str | None:
    """The age in ``the 53-year-old`` and ``the 53-year-old Norwegian``."""
    old = token if token.lower_ == "old" else next((part for part in token.lefts if part.lower_ == "old"), None)
    if old is None:
        return None
    years = [part for child in old.children if child.lemma_ == "year" for part in child.children if part.is_digit]
    return years[0].text if years else None


def _points_to(token: Token, sentence: ParsedSentence, names: Sequence[NameSpan]) -> PartyKind | None:
    if token.lower_ in _IMPERSONAL and token.dep_ in {"nsubj", "nsubjpass", "poss"}:
        return PartyKind.ORGANISATION
    if token.lower_ in _PERSONAL and token.pos_ in {"PRON", "DET"}:
        return PartyKind.PERSON
    if token.lower_ == "old" and _age_of(token) is not None and token.dep_ not in _INSIDE:
        return PartyKind.PERSON
    if _is_national(token):
        return PartyKind.PERSON
    if token.pos_ != "NOUN" or not any(child.lower_ == "the" and child.dep_ == "det" for child in token.children):
        return None
    if any(child.dep_ in {"appos", "prep", "relcl"} for child in token.children) or token.dep_ in {"appos", "compound"}:
        return None
    if any(child.lower_ in _CASE_WORDS for child in token.lefts):
        return None  # "the convicted man" is whoever was convicted, not whoever was named last
    if any(abs(name.start - (sentence.start + token.idx + len(token.text))) <= 1 for name in names):
        return None
    if token.lower_ in _DEFENDANTS | (PERSON_NOUNS - _OFFICERS):
        return PartyKind.PERSON
    modified = any(child.dep_ in {"amod", "compound"} for child in token.children)
    return PartyKind.ORGANISATION if token.lower_ in ORGANISATION_NOUNS - _BODIES and not modified else None


def _is_national(token: Token) -> bool:
    """``the Norwegian`` told of one person: a word for a people that stands as a noun, with *the*."""
    if token.ent_type_ != "NORP" or token.dep_ in _INSIDE or token.text.endswith("s"):
        return False
    last = token.i + 1 == len(token.doc)
    if token.dep_ not in {"nsubj", "nsubjpass", "dobj", "pobj", "poss"}:
        return False
    if not last and token.nbor(1).text[0].isupper():
        return False
    return any(child.lower_ == "the" and child.dep_ == "det" for child in token.children)


def _antecedent(
    token: Token, sentence: ParsedSentence, places: dict[int, list[_Place]], naming: Naming, kind: PartyKind
) -> _Place | None:
    here = sentence.start + token.idx
    is_pronoun = token.lower_ in _PERSONAL
    if token.lower_ in _IMPERSONAL:
        return _firm_of_clause(token, sentence, places[sentence.index], naming)
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
        if kind is PartyKind.ORGANISATION:
            candidates = [place for place in candidates if not _is_authority(place, naming)]
        if candidates:
            return _only(candidates, naming) if is_pronoun else _single(candidates)
    return None


def _firm_of_clause(token: Token, sentence: ParsedSentence, here: Sequence[_Place], naming: Naming) -> _Place | None:
    """``X Ltd announced that it had …``: *it* under a verb whose subject is the sentence's only firm before it."""
    before = [place for place in _of_kind(here, naming, PartyKind.ORGANISATION) if place.is_subject]
    before = [place for place in before if place.end <= sentence.start + token.idx and _is_firm(place, naming)]
    return _single(before)


def _is_firm(place: _Place, naming: Naming) -> bool:
    known = place.cluster != _EITHER and naming.clusters[place.cluster].kind is PartyKind.ORGANISATION
    return known and not _is_authority(place, naming)


def _own_subject(token: Token, sentence: ParsedSentence) -> int | None:
    """Where the subject of an object pronoun's own verb stands: ``X jailed him`` does not speak of X twice."""
    if token.lower_ not in {"him", "her"} or token.dep_ not in {"dobj", "dative", "pobj"}:
        return None
    verb = verb_above(token)
    subject = subject_of(verb) if verb is not None else None
    return sentence.start + subject.idx if subject is not None else None


def _of_kind(places: Sequence[_Place], naming: Naming, kind: PartyKind) -> list[_Place]:
    other = PartyKind.ORGANISATION if kind is PartyKind.PERSON else PartyKind.PERSON
    return [place for place in places if place.cluster == _EITHER or _can_be(naming.clusters[place.cluster], other)]


def _can_be(cluster: Cluster, other: PartyKind) -> bool:
    """Not of the other kind, and more than one word of nobody knows what: that is a place as often as a party."""
    return cluster.kind is not other and (cluster.kind is not PartyKind.UNKNOWN or " " in cluster.name or cluster.known)


def _is_authority(place: _Place, naming: Naming) -> bool:
    """A court or an office is no company that ``the company`` could point to."""
    return place.cluster != _EITHER and _AUTHORITY.search(naming.clusters[place.cluster].name) is not None


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
