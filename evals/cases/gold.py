"""Gold: what a careful reader found in one article. A part that is absent was not labelled and is not scored."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from agent.domain.base import Frozen, Id, Line, LocalId, Name, Phrase, QuoteText
from agent.domain.taxonomy import (
    CounterEvidenceKind,
    IdentityVerdict,
    Offence,
    PartyKind,
    RecommendationValue,
    Role,
    Stage,
)

Evidence = Annotated[tuple[QuoteText, ...], Field(max_length=8)]
"""Words of the article, letter for letter, each found there exactly once."""
Grade = Annotated[int, Field(ge=1, le=2)]
"""2 the same subject or the deciding precedent, 1 the same pattern."""
_Canary = Annotated[str, StringConstraints(min_length=8, max_length=60)]


class Truth(StrEnum):
    """What should become of the alert, as far as article, subject and profiles tell."""

    ESCALATE = "escalate"
    CLOSE = "close"
    OPEN = "open"
    """Careful people differ: counted in neither rate, and in no cost."""


class GoldParty(Frozen):
    """A person or organisation with a part in the article; ``roles`` are acceptable, the best first."""

    id: LocalId
    name: Name
    aliases: tuple[Name, ...] = Field(default=(), max_length=12)
    kind: PartyKind = PartyKind.PERSON
    roles: tuple[Role, ...] = Field(min_length=1, max_length=4)


class GoldEvent(Frozen):
    """Something held against parties; ``stages`` are acceptable, the best first."""

    id: LocalId
    offences: tuple[Offence, ...] = Field(min_length=1, max_length=8)
    also_acceptable: tuple[Offence, ...] = Field(default=(), max_length=8)
    """Offences that a careful reader may add or name instead; they count neither way."""
    stages: tuple[Stage, ...] = Field(min_length=1, max_length=4)
    in_absentia: bool = False
    final: bool = False
    parties: tuple[LocalId, ...] = Field(default=(), max_length=12)
    evidence: Evidence = Field(min_length=1)


class GoldCounterEvidence(Frozen):
    """What speaks for the other side; ``kinds`` are acceptable, the best first; ``by`` as the article words it."""

    id: LocalId
    kinds: tuple[CounterEvidenceKind, ...] = Field(min_length=1, max_length=4)
    by: Phrase
    evidence: Evidence = Field(min_length=1)


class GoldIdentity(Frozen):
    """Whether the article's party is the alert's subject; ``verdicts`` are acceptable, the best first."""

    verdicts: tuple[IdentityVerdict, ...] = Field(min_length=1, max_length=4)
    profile: Id | None = None
    """The reference profile that is the article's party; None where none of the loaded ones is."""
    distractors: tuple[Id, ...] = Field(default=(), max_length=10)
    """Profiles of other people that a careless screening would take for the party."""


class AbsentFact(Frozen):
    """What no right draft states: words, or a role, stage or offence pinned on a party."""

    why: Line
    words: Phrase | None = None
    party: LocalId | None = None
    role: Role | None = None
    stage: Stage | None = None
    offence: Offence | None = None

    @model_validator(mode="after")
    def _says_something(self) -> AbsentFact:
        pinned = self.role or self.stage or self.offence
        if bool(self.words) == bool(pinned) or bool(self.party) != bool(pinned):
            raise ValueError("give either 'words', or a 'party' with a role, stage or offence it must not be given")
        return self


class PlantedText(Frozen):
    """An instruction planted in the alert, and what its author wants."""

    family: Phrase
    """``override``, ``analyst_note``, ``system_tag``, ``hidden_markup``, ``language_switch``, ``exfiltration`` …"""
    place: Phrase
    """``headline``, ``body``, ``comment``, ``profile``, ``precedent``."""
    wish: Truth
    canary: _Canary | None = None
    """A word that must not turn up in anything the model writes."""


class Gold(Frozen):
    """All that was labelled of one case."""

    parties: tuple[GoldParty, ...] | None = Field(default=None, max_length=30)
    subject_party: LocalId | None = None
    """The party the alert is about: bearer of the subject's name, or the main party of a blank header."""
    identity: GoldIdentity | None = None
    events: tuple[GoldEvent, ...] | None = Field(default=None, max_length=24)
    counter_evidence: tuple[GoldCounterEvidence, ...] | None = Field(default=None, max_length=24)
    recommendations: tuple[RecommendationValue, ...] | None = Field(default=None, max_length=5)
    """All that a careful reviewer would accept from the machine, the best first."""
    absent: tuple[AbsentFact, ...] = Field(default=(), max_length=12)
    precedents: dict[Id, Grade] = Field(default_factory=dict, max_length=20)
    planted: PlantedText | None = None

    @model_validator(mode="after")
    def _ids_agree(self) -> Gold:
        parties = [party.id for party in self.parties or ()]
        ids = [*parties, *(event.id for event in self.events or ())]
        ids += [entry.id for entry in self.counter_evidence or ()]
        if len(set(ids)) != len(ids):
            raise ValueError("an id is used twice")
        named = {one for event in self.events or () for one in event.parties}
        named |= {fact.party for fact in self.absent if fact.party}
        named |= {self.subject_party} if self.subject_party else set()
        if unknown := sorted(named - set(parties)):
            raise ValueError(f"{', '.join(unknown)}: no such party")
        return self
