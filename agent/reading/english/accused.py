"""Against whom a word of law or crime is held, and whom an act was done to, by the argument its frame names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.reading.english import frames
from agent.reading.english.names import TRADES
from agent.reading.english.parse import (
    SUBJECTS,
    agent_of,
    ancestors_within,
    is_passive,
    patient_of,
    recipients_of,
    subject_of,
    verb_above,
)
from agent.reading.english.structure import SentenceStructure
from agent.reading.parts import Span

if TYPE_CHECKING:
    from spacy.tokens import Token

_AGAINST = frozenset({"against", "on", "over"})
_PLACING = frozenset(
    ["place", "put", "send", "hold", "give", "link", "subject", "keep", "release", "take", "return", "refer", "pick"]
)
_LEADING = frozenset(
    """commit perpetrate mastermind orchestrate organize organise lead run plot order plan conspire operate
    engage participate scheme involve oversee accept take receive pay offer solicit demand launch carry
    execute join""".split()
)


def accused_of(structure: SentenceStructure, anchor: Token) -> tuple[Span, ...]:
    """The parties that the stage at ``anchor`` (a verb, or a noun such as *trial*) is held against."""
    if anchor.pos_ in {"VERB", "AUX"} or anchor.dep_ in {"acl", "relcl"} or anchor.tag_ in {"VBN", "VBD", "VBG"}:
        found = _accused_of_verb(structure, anchor)
    else:
        found = _accused_of_noun(structure, anchor)
    return found


def _accused_of_verb(structure: SentenceStructure, verb: Token) -> tuple[Span, ...]:
    lemma = verb.lemma_.lower()
    if lemma in frames.ACT_VERBS and lemma not in frames.PATIENT_ACCUSED:
        return structure.parties_of(agent_of(verb))
    if lemma == "find" and not is_passive(verb) and _says_that(verb):
        return ()
    if lemma in frames.GIVING and (found := _given_to(structure, verb)):
        return found
    if lemma in frames.INQUIRING and (found := _inquired_into(structure, verb)):
        return found
    if lemma in frames.PATIENT_ACCUSED or verb.dep_ == "amod":
        return _name_set_before(structure, verb) or _accused_as_patient(structure, verb)
    if lemma in frames.AGENT_ACCUSED:
        return _accused_as_agent(structure, verb)
    if is_passive(verb) and lemma in {"report", "say", "allege", "believe", "know", "think"}:
        return structure.parties_of(patient_of(verb))
    placed = structure.parties_of(patient_of(verb)) if lemma in _PLACING and not is_passive(verb) else ()
    return placed or _named_after(structure, verb, _AGAINST) or _tied_to_arguments(structure, verb)


def _given_to(structure: SentenceStructure, verb: Token) -> tuple[Span, ...]:
    """Who gets the term: an argument of the verb, else the party right beside it where the parse is lost."""
    found = next((one for token in recipients_of(verb) if (one := structure.parties_of(token))), ())
    return found or (structure.party_before(verb) if is_passive(verb) else structure.party_after(verb))


def _accused_as_patient(structure: SentenceStructure, verb: Token) -> tuple[Span, ...]:
    """Whom the verb befalls, or whose home or account; where the parse is lost, the party beside the verb."""
    patient = patient_of(verb)
    found = structure.parties_of(patient) or structure.parties_of(_asked_about(verb))
    if not found and patient is not None and _is_holding(patient) and not _asks_into_another(verb):
        found = structure.owners_of(patient)
    if found or verb.dep_ == "amod" or not is_passive(verb):
        return found or structure.party_after(verb)
    if not any(child.dep_ == "auxpass" for child in verb.children):
        return structure.party_after(verb)
    thing = patient is not None and patient.pos_ == "NOUN" and patient.lemma_.lower() not in TRADES
    befalls_things = thing and verb.lemma_.lower() not in frames.BEFALLING_PEOPLE
    return structure.party_before(verb) or (() if befalls_things else structure.opening_party())


def _accused_as_agent(structure: SentenceStructure, verb: Token) -> tuple[Span, ...]:
    """Who pleads, admits, serves, pays; never those who act for a court or for others."""
    if any(child.dep_ == "dobj" and child.lemma_.lower() == "verdict" for child in verb.children):
        return ()  # a court enters and returns verdicts, nobody accused does
    bearer = patient_of(verb) if is_passive(verb) else subject_of(verb)
    found = structure.parties_of(bearer)
    if not found and bearer is not None and _is_holding(bearer):
        found = structure.owners_of(bearer)
    return structure.without_court(found or structure.party_before(verb))


def _is_holding(noun: Token) -> bool:
    return noun.lemma_.lower() in frames.HOLDINGS


def _name_set_before(structure: SentenceStructure, verb: Token) -> tuple[Span, ...]:
    """``took over from X, dismissed in May and since indicted``: participles behind a name are the name's."""
    first = verb
    while first.dep_ in {"conj", "pcomp"} and (first.head.tag_ == "VBN" or first.head.lower_ == "since"):
        first = first.head
    bare = all(
        part.tag_ == "VBN"
        and not any(child.dep_ in {"aux", "auxpass", "nsubj", "nsubjpass"} for child in part.children)
        for part in (verb, first)
    )
    if not bare or first.i < 2 or first.nbor(-1).text != ",":
        return ()
    named = structure.parties_of(first.nbor(-2)) if structure.is_name(first.nbor(-2)) else ()
    return named if len(named) == 1 else ()


def _says_that(verb: Token) -> bool:
    """``found that X had …``: a clause of its own, not somebody whom the verb befalls."""
    clauses = (child for child in verb.children if child.dep_ == "ccomp")
    return any(part.dep_ == "mark" for clause in clauses for part in clause.children)


def _inquired_into(structure: SentenceStructure, verb: Token) -> tuple[Span, ...]:
    """``looking into X``, ``into the conduct of X``, ``examining how X paid``: whom the inquiry is about."""
    if found := structure.parties_of(_asked_about(verb)):
        return found
    objects = [child for child in verb.children if child.dep_ == "dobj"]
    for child in verb.children:
        if child.dep_ == "prep" and child.lower_ in {"into", "over"}:
            objects += [part for part in child.children if part.dep_ == "pobj"]
    for thing in objects:
        if found := structure.parties_of(thing):
            return found
        if thing.lemma_.lower() in frames.AFFAIRS and (found := structure.owners_of(thing)):
            return found
    return ()


def _asked_about(verb: Token) -> Token | None:
    """``are investigating whether X took money``: X, the subject of what is asked."""
    clause = next((child for child in verb.children if child.dep_ == "ccomp"), None)
    if clause is None:
        asked = (child for child in verb.children if child.dep_ == "prep" and child.lower_ in {"into", "over"})
        clause = next((part for child in asked for part in child.children if part.dep_ == "pcomp"), None)
    asks = verb.lemma_.lower() in frames.INQUIRING | {"suspect"}
    return subject_of(clause) if clause is not None and asks else None


def _asks_into_another(verb: Token) -> bool:
    """``searched X's office as part of a probe into one of its clients``: what is searched is not who is probed."""
    return any(
        token.lemma_.lower() in {"probe", "investigation", "inquiry"}
        and any(child.lower_ in {"into", "of"} for child in token.children)
        for token in verb.subtree
    )


def _tied_to_arguments(structure: SentenceStructure, verb: Token) -> tuple[Span, ...]:
    """``imposed sanctions on X``, ``charges against X were dropped``, ``overturned the conviction of X``."""
    for child in verb.children:
        if child.dep_ in {"dobj", "nsubjpass", "nsubj"} and (found := _tied_to_noun(structure, child)):
            return found
    return ()


def _accused_of_noun(structure: SentenceStructure, noun: Token) -> tuple[Span, ...]:
    """X's trial; the arrest of X; charges against X; X faces charges; the fugitive X; X is a suspect."""
    if found := _tied_to_noun(structure, noun):
        return found
    if noun.lemma_.lower() in frames.PERSON_CUES or noun.dep_ in {"compound", "amod", "appos", "nmod"}:
        if noun.dep_ in {"compound", "amod", "nmod", "appos"} and (found := structure.parties_of(noun.head)):
            return found
        if found := structure.parties_of(noun):
            return found
    return _carried_to(structure, noun)


def _tied_to_noun(structure: SentenceStructure, noun: Token) -> tuple[Span, ...]:
    for child in noun.children:
        if child.dep_ == "poss" and (found := structure.parties_of(child)):
            return found
    lemma = noun.lemma_.lower()
    of = {"of"} if lemma in frames.NOUN_OF_ACCUSED else {"from"} if lemma in frames.TAKING else set()
    beside = _named_after(structure, noun, frozenset({"against", "into", "for", "on", "to", *of}))
    return beside or _named_below(structure, noun, {"from"} if lemma in frames.TAKING else {"against"})


def _named_below(structure: SentenceStructure, noun: Token, prepositions: set[str]) -> tuple[Span, ...]:
    """``the charge of fraud against X``: the parse may hang *against* on a noun that stands between."""
    for token in noun.subtree:
        if token.dep_ == "prep" and token.lower_ in prepositions and token.i > noun.i and token.head.pos_ != "VERB":
            for part in token.children:
                if part.dep_ == "pobj" and (found := structure.parties_of(part)):
                    return found
    return ()


def _carried_to(structure: SentenceStructure, noun: Token) -> tuple[Span, ...]:
    """Climb from a noun over prepositions and nouns to the verb that gives it a subject."""
    below = noun
    for head in ancestors_within(noun, 5):
        if head.pos_ in {"VERB", "AUX"}:
            return _carried_by_verb(structure, head, below)
        if below.dep_ in {"prep", "appos", "acl"} and (found := structure.parties_of(head)):
            return found
        below = head
    return ()


def _carried_by_verb(structure: SentenceStructure, verb: Token, argument: Token) -> tuple[Span, ...]:
    """Whom a verb ties to the noun that is, or stands in, one of its arguments."""
    lemma = verb.lemma_.lower()
    if argument.dep_ in SUBJECTS and lemma != "be":
        return _named_after(structure, verb, _AGAINST)
    if lemma in frames.PATIENT_ACCUSED or (is_passive(verb) and lemma in _PLACING):
        return _name_set_before(structure, verb) or structure.parties_of(patient_of(verb))
    if is_passive(verb):
        return _named_after(structure, verb, _AGAINST)
    if lemma in frames.LIGHT_VERBS and argument.lemma_.lower() != "verdict":
        return structure.without_court(structure.parties_of(subject_of(verb)))
    return _named_after(structure, verb, _AGAINST)


def _named_after(structure: SentenceStructure, token: Token, prepositions: frozenset[str]) -> tuple[Span, ...]:
    for child in token.children:
        if child.dep_ == "prep" and child.lower_ in prepositions:
            for part in child.children:
                if part.dep_ == "pobj" and (found := structure.parties_of(part)):
                    return found
    return ()


def accused_of_act(structure: SentenceStructure, anchor: Token) -> tuple[Span, ...]:
    """The parties that are said to have done what ``anchor`` names."""
    lemma = anchor.lemma_.lower()
    above = verb_above(anchor)
    if anchor.pos_ == "VERB" or anchor.tag_.startswith("VB"):
        if lemma not in frames.ACT_VERBS:
            return ()
        if anchor.dep_ == "pcomp" and above is not None and above.lemma_ in frames.PATIENT_ACCUSED:
            return structure.parties_of(patient_of(above))
        return structure.parties_of(agent_of(anchor))
    for child in anchor.children:
        if child.dep_ == "prep" and child.lower_ == "by":
            for part in child.children:
                if found := structure.parties_of(part):
                    return found
    if lemma in frames.PERSON_CUES:
        return _accused_of_noun(structure, anchor)
    if above is None or above.lemma_ not in _LEADING or not _is_object_of(anchor, above):
        return ()
    return structure.parties_of(patient_of(above) if above.lemma_ == "involve" else agent_of(above))


def _is_object_of(noun: Token, verb: Token) -> bool:
    """What the verb takes: its object, or what one is engaged, involved or taking part *in*."""
    token = noun
    while token.dep_ in {"conj", "compound", "amod", "nmod"}:
        token = token.head
    if token.dep_ in {"dobj", "nsubjpass"}:
        return token.head == verb
    return token.dep_ == "pobj" and token.head.lower_ == "in" and token.head.head == verb


def victims_of(structure: SentenceStructure, anchor: Token) -> tuple[Span, ...]:
    """The parties that what ``anchor`` names was done to."""
    lemma = anchor.lemma_.lower()
    if anchor.pos_ == "VERB" and lemma in frames.HARM_VERBS:
        return structure.parties_of(patient_of(anchor))
    if any(child.lower_ == "character" for child in anchor.children):
        return ()  # what an actor's character does or suffers
    if lemma in frames.HARM_NOUNS or lemma in {"killing", "shooting", "stabbing"}:
        for child in anchor.children:
            if child.dep_ == "poss" and (found := structure.parties_of(child)):
                return found
        return _named_after(structure, anchor, frozenset({"of", "on", "against"}))
    if anchor.pos_ == "VERB" and lemma == "steal":
        return _named_after(structure, anchor, frozenset({"from"}))
    return ()
