"""What an English sentence states beside a party's name: role nouns, age, nationality, occupation, employer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from agent.domain.taxonomy import FeatureName, PartyKind, Role
from agent.reading.english import frames
from agent.reading.english.names import TRADES
from agent.reading.english.parse import ParsedSentence, subject_of
from agent.reading.lexicon import Lexicon
from agent.reading.parts import AttributeClue, NameSpan, RoleClue, Span

if TYPE_CHECKING:
    from spacy.tokens import Token

_AGE_AFTER = re.compile(
    r"\s*[,(]\s*(?:aged\s+)?(\d{2})(?=\s*[,)]|,? (?:of|from|who|was|is)\b)|\s*,?\s+aged?\s+(\d{2})\b"
)
_AGE_APPOSED = re.compile(r"\s*,\s*an?\s+(\d{2})[- ]year[- ]old\b")
_AGE_BEFORE = re.compile(r"\b(\d{2})[- ]year[- ]old\b[^,.;]{0,60}$")
_AGED = re.compile(r"a (\d{2})[- ]year[- ]old\b", re.IGNORECASE)
_BORN = re.compile(r"\bborn (?:on |in )?((?:\d{1,2} )?(?:[A-Z][a-z]+ )?(?:\d{1,2}, )?(?:19|20)\d{2})")
_STANDS_FOR = re.compile(
    r",? ?(?:,| who) (?:(?:for|representing|appearing for|acting for|defending) (?:the )?(?:defen[cs]e|accused"
    r"|prosecution"
    r"|crown|state|[A-ZÀ-Þ]\w+)|(?:represents|defends|acts for|appeared for) (?:the )?\w+)"
)
"""``X, for the defence``; ``X, who represents Y``."""
_FOR_STATE = re.compile(r"\b(?:prosecution|crown|state)\b", re.IGNORECASE)
_EMPLOYER_LINKS = frozenset({"of", "at", "for", "with"})


def find_roles(sentence: ParsedSentence, names: list[NameSpan], lexicon: Lexicon) -> Iterator[RoleClue]:
    """Roles that a noun beside the name gives: ``prosecutor X``, ``his lawyer, X``, ``X, the victim``."""
    for name in names:
        head = sentence.root_of((name.start, name.end))
        if head is None:
            continue
        beside = list(_nouns_beside(head, sentence, name))
        for role, words in lexicon.roles.items():
            if any(words.fullmatch(noun) or words.search(noun) for noun in beside):
                yield RoleClue((name.start, name.end), role, sentence.id)
        if (stands := _STANDS_FOR.match(sentence.doc.text, name.end - sentence.start)) is not None:
            for_state = _FOR_STATE.search(stands.group()) is not None
            yield RoleClue((name.start, name.end), Role.OFFICIAL if for_state else Role.LAWYER, sentence.id)
        for role in _roles_by_verb(head):
            yield RoleClue((name.start, name.end), role, sentence.id)


_COURT = re.compile(
    r"\b(?:judges?|justices?|magistrates?|prosecutors?|prosecuting \w+|lawyers?|attorneys?|counsel|barristers?"
    r"|solicitors?|advocates?|detectives?|inspectors?|superintendents?|spokes(?:man|woman|person))\b"
)


def court_people(sentences: Sequence[ParsedSentence], names: Mapping[str, Sequence[NameSpan]]) -> Iterator[Span]:
    """Name spans beside which the text sets an office of court, police or defence (``Judge X``, ``his lawyer, X``)."""
    for sentence in sentences:
        for name in names[sentence.id]:
            head = sentence.root_of((name.start, name.end))
            if head is None or name.described or name.kind is PartyKind.ORGANISATION:
                continue
            if any(_COURT.search(noun) for noun in _nouns_beside(head, sentence, name)):
                yield name.start, name.end


def _nouns_beside(head: Token, sentence: ParsedSentence, name: NameSpan) -> Iterator[str]:
    """The noun phrases that stand for the name's bearer: titles, appositions either way, the predicate noun."""
    first = sentence.doc.char_span(name.start - sentence.start, name.end - sentence.start, alignment_mode="expand")
    if first is not None and first.start > 0:
        words: list[str] = []
        token = first[0].nbor(-1)
        while token.pos_ in {"NOUN", "PROPN", "ADJ"} or token.text in {"-", "."}:
            words.insert(0, token.lower_)
            if token.i == 0:
                break
            token = token.nbor(-1)
        if words:
            yield " ".join(words[-3:])
    for child in head.children:
        if child.dep_ in {"compound", "appos"} and child.pos_ in {"NOUN", "PROPN"}:
            yield _phrase(child)
    if head.dep_ == "appos" and head.head.pos_ in {"NOUN", "PROPN"} and head.head.ent_type_ != "PERSON":
        yield _phrase(head.head)
    if head.dep_ in {"nsubj", "nsubjpass"} and head.head.lemma_ in {"be", "become"}:
        for child in head.head.children:
            if child.dep_ == "attr":
                yield _phrase(child)


def _phrase(noun: Token) -> str:
    before = [child for child in noun.lefts if child.dep_ in {"compound", "amod"}]
    return " ".join([*(child.lower_ for child in before), noun.lower_])


def _roles_by_verb(head: Token) -> Iterator[Role]:
    """Verbs that give their subject a role without any noun: testify, represent, sue, blow the whistle."""
    if head.dep_ == "nsubjpass" and head.head.lemma_.lower() in frames.HARM_VERBS:
        yield Role.VICTIM
    if head.dep_ in {"pobj", "oprd"} and (named := _identified(head)) is not None and named.lemma_.lower() == "victim":
        yield Role.VICTIM
    if head.dep_ not in {"nsubj", "appos"}:
        return
    verbs = [head.head] + [child for child in head.children if child.dep_ == "relcl"]
    for verb in verbs:
        lemma = verb.lemma_.lower()
        objects = {child.lemma_.lower() for child in verb.children if child.dep_ == "dobj"}
        if (
            lemma == "testify"
            or (lemma == "give" and "evidence" in objects)
            or (lemma == "take" and "stand" in objects)
        ):
            yield Role.WITNESS
        elif lemma == "sue" and objects:
            yield Role.PLAINTIFF
        elif lemma == "represent" and objects & {"he", "she", "they", "him", "her", "defendant", "suspect", "accused"}:
            yield Role.LAWYER
        elif lemma == "blow" and "whistle" in objects:
            yield Role.WHISTLEBLOWER


def _identified(name: Token) -> Token | None:
    """Who ``was identified as`` the name: the subject of that verb."""
    verb = name.head.head if name.dep_ == "pobj" and name.head.lower_ == "as" else name.head
    return subject_of(verb) if verb.lemma_.lower() in {"identify", "name"} else None


def find_attributes(
    sentence: ParsedSentence, names: list[NameSpan], countries: Mapping[int, str]
) -> Iterator[AttributeClue]:
    """Age, birth date, nationality and occupation stated right beside a name.

    ``countries`` maps the article offset of a nationality word to its ISO 3166-1 code.
    """
    text = sentence.doc.text
    organisations = [(name.start, name.end) for name in names if name.kind is PartyKind.ORGANISATION]
    for name in names:
        span, end, begin = (name.start, name.end), name.end - sentence.start, name.start - sentence.start
        found = _AGE_AFTER.match(text, end) or _AGE_APPOSED.match(text, end) or _AGE_BEFORE.search(text, 0, begin)
        if name.described:
            found = _AGED.match(text, begin, end)
        if found is not None:
            group = 1 if found.group(1) else 2
            place = (sentence.start + found.start(group), sentence.start + found.end(group))
            yield AttributeClue(span, FeatureName.AGE, found.group(group), *place, sentence.id)
        born = _BORN.search(text, end, end + 60)
        if born is not None:
            place = (sentence.start + born.start(1), sentence.start + born.end(1))
            yield AttributeClue(span, FeatureName.BIRTH_DATE, born.group(1), *place, sentence.id)
        head = sentence.root_of(span)
        if head is None or name.kind is PartyKind.ORGANISATION:
            continue
        for noun in _person_nouns(head):
            yield from _of_noun(sentence, span, noun, countries)
            yield from _employers(sentence, span, noun, organisations)


def _person_nouns(head: Token) -> Iterator[Token]:
    for child in head.children:
        if child.dep_ in {"compound", "appos", "nmod"} and child.lower_ in TRADES:
            yield child
    if head.dep_ == "appos" and head.head.lower_ in TRADES:
        yield head.head
    if head.dep_ in {"nsubj", "nsubjpass"} and head.head.lemma_ == "be":
        yield from (child for child in head.head.children if child.dep_ == "attr" and child.lower_ in TRADES)


def _of_noun(
    sentence: ParsedSentence, span: Span, noun: Token, countries: Mapping[int, str]
) -> Iterator[AttributeClue]:
    left = [child for child in noun.lefts if child.dep_ in {"compound", "amod"} and child.ent_type_ != "NORP"]
    first = next((child for child in left if child.i >= noun.i - len(left)), noun)
    place = sentence.span_of(first, noun)
    yield AttributeClue(span, FeatureName.OCCUPATION, sentence.text_of(place)[:200], *place, sentence.id)
    for token in noun.lefts:
        code = countries.get(sentence.start + token.idx)
        if code is not None and token.ent_type_ == "NORP":
            place = sentence.span_of(token, token)
            yield AttributeClue(span, FeatureName.NATIONALITY, code, *place, sentence.id)


def _employers(
    sentence: ParsedSentence, span: Span, noun: Token, organisations: Sequence[Span]
) -> Iterator[AttributeClue]:
    for child in noun.children:
        if child.dep_ != "prep" or child.lower_ not in _EMPLOYER_LINKS:
            continue
        for part in child.children:
            offset = sentence.start + part.idx
            home = next((other for other in organisations if other[0] <= offset < other[1]), None)
            if part.dep_ == "pobj" and home is not None:
                yield AttributeClue(span, FeatureName.EMPLOYER, sentence.text_of(home)[:200], *home, sentence.id)
