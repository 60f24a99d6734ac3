"""One parsed sentence with the parties that stand in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from agent.domain.taxonomy import PartyKind
from agent.reading.english.parse import ParsedSentence, ancestors_within
from agent.reading.parts import Span

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
    ) -> None:
        """``first_spans`` leads from each mention to its party's first, so that ``X`` and ``him`` compare equal.

        ``names`` has the party's name at its first span.
        """
        self.sentence = sentence
        self._names = names
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

    def opening_party(self) -> tuple[Span, ...]:
        """The party that opens the sentence, which a long passive with insertions is mostly about."""
        opener = self._party_at.get(0) or self._party_at.get(1)
        return (self._first.get(opener, opener),) if opener is not None else ()

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


def _relative_clause(token: Token) -> Token | None:
    return next((head for head in ancestors_within(token, 4) if head.dep_ == "relcl"), None)
