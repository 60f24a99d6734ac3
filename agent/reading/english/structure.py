"""One parsed sentence with the parties that stand in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from agent.domain.taxonomy import PartyKind
from agent.reading.english.parse import ParsedSentence, ancestors_within, patient_of
from agent.reading.parts import NameSpan, Span

if TYPE_CHECKING:
    from spacy.tokens import Token


class SentenceStructure:
    """One sentence with its party spans, answering which parties an argument token stands for."""

    def __init__(
        self,
        sentence: ParsedSentence,
        parties: Mapping[Span, PartyKind],
        first_spans: Mapping[Span, Span],
        names: Mapping[Span, str],
        court: frozenset[Span] = frozenset(),
    ) -> None:
        """``first_spans`` leads from each mention to its party's first, so that ``X`` and ``him`` compare equal.

        ``names`` has the party's name at its first span; ``court`` the first spans of those who appear for a court or
        for somebody else.
        """
        self.sentence = sentence
        self._names = names
        self._court = court
        self._first = first_spans
        self._kinds = parties
        self._party_at: dict[int, Span] = {}
        for span in parties:
            found = sentence.doc.char_span(span[0] - sentence.start, span[1] - sentence.start, alignment_mode="expand")
            for token in found or ():
                self._party_at[token.i] = span

    def parties_of(self, token: Token | None) -> tuple[Span, ...]:
        """The parties an argument names: itself, its coordinates and appositions, a relative's antecedent."""
        if token is None:
            return ()
        found: dict[Span, None] = {}
        self._collect(token, found, set())
        return tuple(dict.fromkeys(self._first.get(span, span) for span in found))

    def without_court(self, parties: tuple[Span, ...]) -> tuple[Span, ...]:
        """The parties, save judges, prosecutors and lawyers: they enter, seek and accept what concerns others."""
        return tuple(span for span in parties if span not in self._court)

    def is_name(self, token: Token) -> bool:
        """Whether a party stands at the token itself."""
        return token.i in self._party_at

    def name_behind(self, token: Token) -> str | None:
        """The name a pronoun stands for, where it surely stands for one."""
        span = self._party_at.get(token.i)
        return self._names.get(self._first.get(span, span)) if span is not None else None

    def party_after(self, verb: Token) -> tuple[Span, ...]:
        """The party that stands behind an active verb with nothing but its titles between, where the parse is lost."""
        for token in verb.doc[verb.i + 1 : verb.i + 7]:
            after = self._party_at.get(token.i)
            if after is not None:
                return (self._first.get(after, after),)
            if token.is_punct or token.pos_ in {"VERB", "AUX", "ADP", "CCONJ", "SCONJ"}:
                return ()
        return ()

    def party_before(self, verb: Token) -> tuple[Span, ...]:
        """The party right before a verb, an apposition at most between: ``whose manager, X, is serving four years``."""
        at = verb.i - 1
        while at >= 0 and verb.doc[at].pos_ in {"AUX", "ADV", "PART"}:
            at -= 1
        if at >= 0 and at not in self._party_at and verb.doc[at].text == ",":
            first = next((place for place in range(at - 1, max(at - 14, 0), -1) if verb.doc[place].text == ","), None)
            at = at - 1 if first is None or at - 1 in self._party_at else first - 1
        before = self._party_at.get(at)
        return (self._first.get(before, before),) if before is not None else ()

    def opening_party(self) -> tuple[Span, ...]:
        """The party that opens the sentence, which a long passive with insertions is mostly about."""
        opener = self._party_at.get(0) or self._party_at.get(1)
        return (self._first.get(opener, opener),) if opener is not None else ()

    def identifications(self, names: Sequence[NameSpan]) -> Iterator[tuple[Span, Span]]:
        """``he was named locally as X``: the first mention of whoever is so called, and the name's own."""
        for name in names:
            head = self.sentence.root_of((name.start, name.end))
            if head is None or name.described or head.dep_ not in {"pobj", "oprd"}:
                continue
            verb = head.head.head if head.dep_ == "pobj" and head.head.lower_ == "as" else head.head
            if verb.lemma_.lower() in {"identify", "name"}:
                for span in self.parties_of(patient_of(verb)):
                    yield span, self._first.get((name.start, name.end), (name.start, name.end))

    def owners_of(self, noun: Token) -> tuple[Span, ...]:
        """Whose home, office or account it is: ``X's home``, ``the home of X``."""
        for child in noun.children:
            if child.dep_ == "poss" and (found := self.parties_of(child)):
                return found
            if child.dep_ == "prep" and child.lower_ == "of":
                for part in child.children:
                    if found := self.parties_of(part):
                        return found
        return ()

    def _collect(self, token: Token, found: dict[Span, None], seen: set[int]) -> None:
        if token.i in seen:
            return
        seen.add(token.i)
        if token.i in self._party_at:
            found[self._party_at[token.i]] = None
        elif token.tag_ in {"WP", "WDT"} and (clause := _relative_clause(token)) is not None:
            self._collect(clause.head, found, seen)
            for named in _said_to_be(clause.head) if not found else ():
                self._collect(named, found, seen)
        elif token.lower_ in {"one", "some", "all", "both", "many", "several", "two", "three"}:
            for child in token.children:
                if child.dep_ == "prep":
                    for part in child.children:
                        self._collect(part, found, seen)
        for child in token.children:
            if child.dep_ == "conj" or (child.dep_ == "appos" and not self._differ(token, child)):
                self._collect(child, found, seen)
        if token.dep_ == "appos" and token.i not in self._party_at:
            self._collect(token.head, found, seen)

    def _differ(self, left: Token, right: Token) -> bool:
        """A person and the firm set beside the name are not one party."""
        a, b = self._party_at.get(left.i), self._party_at.get(right.i)
        return a is not None and b is not None and self._kinds[a] is not self._kinds[b]


def _said_to_be(noun: Token) -> Iterator[Token]:
    """``the company that was listed is X``: what the sentence says the noun is."""
    if noun.dep_ == "nsubj" and noun.head.lemma_ == "be":
        yield from (child for child in noun.head.children if child.dep_ == "attr")


def _relative_clause(token: Token) -> Token | None:
    return next((head for head in ancestors_within(token, 4) if head.dep_ == "relcl"), None)
