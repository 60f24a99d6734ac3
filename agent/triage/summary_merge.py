"""One sound summary from one answer or several: what code fills is emptied, ids differ, ties hold, nothing is twice.

An answer that is whole and sound comes out as it went in. Across parts of an article the parties are joined by name; an
id that is taken gives way to the next free one, in the narrative too. What has to be left out is said in a note.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from typing import Any, TypeVar

from agent.domain.folding import fold_text
from agent.domain.summary import (
    CounterEvidence,
    Event,
    Identifier,
    Party,
    PrecedentNote,
    Quote,
    RiskSummary,
    SourceAssessment,
)
from agent.domain.taxonomy import ADVERSE_ROLES, PartyKind, Role, SourceKind
from agent.triage.narrative_merge import NARRATIVE_WORDS, fold_name, join_narratives

INCOMPLETE = "Incomplete:"
"""How the note begins that says what a draft does not cover."""

T = TypeVar("T")
Entry = TypeVar("Entry", Event, CounterEvidence)
_GRAVITY = {
    role: rank for rank, role in enumerate((Role.ASSOCIATE, Role.SUSPECT, Role.ACCUSED, Role.OFFENDER), start=1)
}
_VAGUE_ROLES = frozenset({Role.UNDETERMINED, Role.MENTIONED})
_CITATION = re.compile(r"\(([^()]{1,200})\)")
_CITED_ID = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")


def merge_summaries(
    summaries: Sequence[RiskSummary], precedent_ids: Collection[str]
) -> tuple[RiskSummary, tuple[str, ...]]:
    """The summaries of an article's parts, in order, as one, and notes on what could not be kept.

    ``precedent_ids`` are those the model was shown: any other it names is dropped. Entries beyond the bounds of the
    vocabulary are dropped with a note that begins with ``Incomplete:``.
    """
    merger = _Merger(frozenset(precedent_ids))
    for summary in summaries:
        merger.add(summary)
    return merger.finish(), tuple(merger.notes)


class _Merger:
    def __init__(self, precedent_ids: frozenset[str]) -> None:
        self.notes: list[str] = []
        self._precedent_ids = precedent_ids
        self._taken: set[str] = set()
        self._parties: list[Party] = []
        self._events: list[Event] = []
        self._counter: list[CounterEvidence] = []
        self._subjects: list[str] = []
        self._narratives: list[str] = []
        self._sources: list[SourceAssessment] = []
        self._missing: list[str] = []
        self._steps: list[str] = []
        self._precedents: list[PrecedentNote] = []

    def add(self, summary: RiskSummary) -> None:
        ids: dict[str, str] = {}
        earlier = len(self._parties)
        for party in summary.parties:
            self._add_party(party, ids, earlier)
        for event in summary.events:
            self._add_event(event, ids)
        for entry in summary.counter_evidence:
            self._add_counter(entry, ids)
        if summary.subject_party is not None:
            if summary.subject_party in {party.id for party in summary.parties}:
                self._subjects.append(ids[summary.subject_party])
            else:
                self.notes.append(f"The answer's subject {summary.subject_party!r} is none of its parties; left open.")
        self._narratives.append(_CITATION.sub(lambda found: _renamed(found, ids), summary.narrative))
        self._sources.append(summary.source_assessment)
        self._missing += summary.missing_information
        self._steps += summary.next_steps
        for note in summary.precedents:
            if note.id in self._precedent_ids:
                self._precedents.append(note)
            else:
                self.notes.append(f"The answer names a precedent {note.id!r} that it was not shown; left out.")

    def finish(self) -> RiskSummary:
        narrative, shortened = join_narratives(self._narratives, adverse=bool(self._events))
        if shortened:
            self.notes.append(f"The narrative was cut to {NARRATIVE_WORDS} words; the claims are all listed.")
        sources = self._sources or [SourceAssessment()]
        kinds = [source.kind for source in sources if source.kind is not SourceKind.UNKNOWN]
        return RiskSummary(
            parties=self._bounded("parties", self._parties, 30, lambda party: party.name),
            subject_party=self._subject(),
            events=self._bounded("events", self._events, 24, lambda event: event.claim),
            counter_evidence=self._bounded("counter-evidence entries", self._counter, 24, lambda entry: entry.claim),
            source_assessment=SourceAssessment(
                kind=kinds[0] if kinds else SourceKind.UNKNOWN,
                attributed_to=tuple(_unique(name for source in sources for name in source.attributed_to)[:10]),
                note=next((source.note for source in sources if source.note), ""),
            ),
            narrative=narrative,
            missing_information=tuple(_unique(self._missing)[:12]),
            next_steps=tuple(_unique(self._steps)[:12]),
            precedents=tuple(_unique(self._precedents, key=lambda note: note.id)[:10]),
        )

    def _add_party(self, party: Party, ids: dict[str, str], earlier: int) -> None:
        clean = party.model_copy(
            update={
                "aliases": tuple(
                    _unique(alias for alias in party.aliases if fold_name(alias) != fold_name(party.name))
                ),
                "quotes": _clean(party.quotes),
                "identifiers": tuple(_unique(party.identifiers, key=_stated)),
            }
        )
        index = self._same_party(clean, earlier)
        if index is None:
            new_id = self._claim_id(party.id, ids, "P")
            identifiers = tuple(self._with_id(identifier, ids) for identifier in clean.identifiers)
            self._parties.append(clean.model_copy(update={"id": new_id, "identifiers": identifiers}))
        else:
            ids.setdefault(party.id, self._parties[index].id)
            self._parties[index] = self._joined(self._parties[index], clean, ids)

    def _same_party(self, party: Party, earlier: int) -> int | None:
        """The party this one is: within one answer only its exact double, across answers one of its name or alias."""
        for index in range(earlier, len(self._parties)):
            if _apart_from_ids(self._parties[index]) == _apart_from_ids(party):
                return index
        known = [(index, other) for index, other in enumerate(self._parties[:earlier]) if _may_be_one(other, party)]
        name = fold_name(party.name)
        same = [index for index, other in known if fold_name(other.name) == name]
        alike = [index for index, other in known if name in _names(other) or fold_name(other.name) in _names(party)]
        choices = same or alike
        return choices[0] if len(choices) == 1 else None

    def _joined(self, first: Party, second: Party, ids: dict[str, str]) -> Party:
        role, quotes = first.role, _unique([*first.quotes, *second.quotes], key=_folded_quote)
        if _weight(second.role) > _weight(first.role):
            role, quotes = second.role, _unique([*second.quotes, *first.quotes], key=_folded_quote)
        if first.role is not second.role and not {first.role, second.role} & _VAGUE_ROLES:
            self.notes.append(f"{first.name}: parts of the article give the roles {first.role} and {second.role}.")
        known = {_stated(identifier) for identifier in first.identifiers}
        added = [self._with_id(one, ids) for one in second.identifiers if _stated(one) not in known]
        names = (*first.aliases, second.name, *second.aliases)
        return first.model_copy(
            update={
                "role": role,
                "kind": second.kind if first.kind is PartyKind.UNKNOWN else first.kind,
                "quotes": tuple(quotes[:8]),
                "aliases": tuple(_unique(name for name in names if fold_name(name) != fold_name(first.name))[:12]),
                "identifiers": (*first.identifiers, *added)[:12],
            }
        )

    def _add_event(self, event: Event, ids: dict[str, str]) -> None:
        parties = []
        for party_id in _unique(event.parties):
            if party_id in ids and ids[party_id] in {party.id for party in self._parties}:
                parties.append(ids[party_id])
            else:
                self.notes.append(
                    f"{event.id} is held against {party_id!r}, which is none of the parties; tie removed."
                )
        clean = event.model_copy(
            update={
                "parties": tuple(_unique(parties)),
                "offences": tuple(_unique(event.offences)),
                "amounts": tuple(_unique(event.amounts)),
                "quotes": _clean(event.quotes),
            }
        )
        for index, other in enumerate(self._events):
            if _content(other) == _content(clean):
                ids.setdefault(event.id, other.id)
                self._events[index] = _with_quotes(other, clean)
                return
        self._events.append(clean.model_copy(update={"id": self._claim_id(event.id, ids, "E")}))

    def _add_counter(self, entry: CounterEvidence, ids: dict[str, str]) -> None:
        clean = entry.model_copy(update={"quotes": _clean(entry.quotes)})
        for index, other in enumerate(self._counter):
            if _content(other) == _content(clean):
                ids.setdefault(entry.id, other.id)
                self._counter[index] = _with_quotes(other, clean)
                return
        self._counter.append(clean.model_copy(update={"id": self._claim_id(entry.id, ids, "C")}))

    def _with_id(self, identifier: Identifier, ids: dict[str, str]) -> Identifier:
        new_id = self._claim_id(identifier.id, ids, "I")
        return identifier.model_copy(update={"id": new_id, "quotes": _clean(identifier.quotes)})

    def _claim_id(self, wanted: str, ids: dict[str, str], letter: str) -> str:
        """The wanted id where it is free, else the next free one; ``ids`` keeps the first use of the wanted one."""
        new_id, number = wanted, 1
        while new_id in self._taken:
            new_id, number = f"{letter}{number}", number + 1
        self._taken.add(new_id)
        if wanted in ids:
            self.notes.append(f"The answer uses the id {wanted!r} twice; the second one is now {new_id}.")
        ids.setdefault(wanted, new_id)
        return new_id

    def _subject(self) -> str | None:
        kept = {party.id for party in self._parties[:30]}
        choices = [subject for subject in self._subjects if subject in kept]
        if len(set(choices)) > 1:
            self.notes.append(f"Parts of the article point to different subjects: {', '.join(_unique(choices))}.")
        return max(choices, key=choices.count) if choices else None

    def _bounded(self, what: str, entries: Sequence[T], most: int, name: Callable[[T], str]) -> tuple[T, ...]:
        if len(entries) > most:
            lost = "; ".join(name(entry)[:80] for entry in entries[most:])
            self.notes.append(f"{INCOMPLETE} {len(entries)} {what} were found and {most} fit. Left out: {lost}"[:600])
        return tuple(entries[:most])


def _names(party: Party) -> frozenset[str]:
    return frozenset(map(fold_name, (party.name, *party.aliases)))


def _apart_from_ids(party: Party) -> Any:
    return party.model_dump(exclude={"id": True, "identifiers": {"__all__": {"id"}}})


def _may_be_one(first: Party, second: Party) -> bool:
    kinds = {first.kind, second.kind} - {PartyKind.UNKNOWN}
    return len(kinds) < 2 and (first.role is Role.NAMESAKE) == (second.role is Role.NAMESAKE)


def _weight(role: Role) -> int:
    """Which of two roles a party keeps: the gravest, then any that says something."""
    if role in ADVERSE_ROLES:
        return 1 + _GRAVITY[role]
    return {Role.UNDETERMINED: -1, Role.MENTIONED: 0}.get(role, 1)


def _clean(quotes: Iterable[Quote]) -> tuple[Quote, ...]:
    """Quotes without the offsets that only code may fill, each once."""
    bare = (quote.model_copy(update={"start": None, "end": None}) for quote in quotes)
    return tuple(_unique(bare, key=_folded_quote))


def _folded_quote(quote: Quote) -> Hashable:
    return fold_text(quote.text).text, quote.sentence


def _stated(identifier: Identifier) -> Hashable:
    return identifier.name, fold_name(identifier.value)


def _content(entry: Event | CounterEvidence) -> Any:
    return entry.model_dump(exclude={"id", "quotes"})


def _with_quotes(first: Entry, second: Entry) -> Entry:
    quotes = _unique([*first.quotes, *second.quotes], key=_folded_quote)
    return first.model_copy(update={"quotes": tuple(quotes[:8])})


def _unique(values: Iterable[T], key: Callable[[T], Hashable] | None = None) -> list[T]:
    """The values in order, the first of those with equal keys; strings differ if their folded forms do."""
    found: dict[Hashable, T] = {}
    for value in values:
        found.setdefault(_key(value) if key is None else key(value), value)
    return list(found.values())


def _key(value: Any) -> Hashable:
    folded: Hashable = fold_name(value) if isinstance(value, str) else value
    return folded


def _renamed(citation: re.Match[str], ids: dict[str, str]) -> str:
    return "(" + _CITED_ID.sub(lambda found: ids.get(found[0], found[0]), citation[1]) + ")"
