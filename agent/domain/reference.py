"""What the team already knows: profiles, precedents, and the dossier a drafter may see."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from agent.domain.alert import Alert, Moment
from agent.domain.base import Country, Frozen, Id, Line, Name, PartialDate, Phrase
from agent.domain.reading import Reading
from agent.domain.taxonomy import Offence, PartyKind, PrecedentOutcome, Role, SourceKind, Stage

ReferenceText = Annotated[str, StringConstraints(max_length=4_000)]


class Profile(Frozen):
    """A reference identity: who somebody is, from a list or the customer file."""

    profile_id: Id
    name: Name
    kind: PartyKind = PartyKind.PERSON
    aliases: tuple[Name, ...] = Field(default=(), max_length=200)
    birth_date: PartialDate | None = None
    nationalities: tuple[Country, ...] = Field(default=(), max_length=20)
    countries: tuple[Country, ...] = Field(default=(), max_length=50)
    positions: tuple[Phrase, ...] = Field(default=(), max_length=50)
    employer: Phrase | None = None
    topics: tuple[Phrase, ...] = Field(default=(), max_length=50)
    identifiers: dict[Phrase, Phrase] = Field(default_factory=dict, max_length=50)
    notes: ReferenceText = ""
    source: Phrase = ""


class Precedent(Frozen):
    """A past alert that two people decided; a draft is never one."""

    precedent_id: Id
    alert_id: Id
    subject_name: Name
    offences: tuple[Offence, ...] = Field(default=(), max_length=32)
    stages: tuple[Stage, ...] = Field(default=(), max_length=17)
    role: Role = Role.UNDETERMINED
    jurisdiction: Country | None = None
    source_kind: SourceKind = SourceKind.UNKNOWN
    summary: ReferenceText
    """What the case was about, without how it ended: this text is embedded."""
    outcome: PrecedentOutcome
    reason_code: Phrase
    rationale: ReferenceText
    decided_by: Name
    approved_by: Name
    decided_at: Moment
    imported: bool = False


class ProfileMatch(Frozen):
    """A profile that may be one of the article's people, and which name led to it."""

    profile: Profile
    matched_name: Name
    score: float
    route: Phrase
    """``name`` or ``description``."""


class PrecedentMatch(Frozen):
    """A precedent with its similarity (cosine, 1 is equal) and, in words, what is alike and what differs."""

    precedent: Precedent
    similarity: float
    alike: tuple[Phrase, ...] = Field(default=(), max_length=12)
    differs: tuple[Phrase, ...] = Field(default=(), max_length=12)


class PrecedentQuery(Frozen):
    """What to look for among past decisions. Never the alert itself, never a decision after ``before``."""

    text: ReferenceText
    subject_name: Name | None = None
    offences: tuple[Offence, ...] = Field(default=(), max_length=32)
    stages: tuple[Stage, ...] = Field(default=(), max_length=17)
    role: Role = Role.UNDETERMINED
    jurisdiction: Country | None = None
    source_kind: SourceKind = SourceKind.UNKNOWN
    exclude_alert_id: Id
    before: Moment


class Dossier(Frozen):
    """Everything a drafter may see, and nothing else."""

    alert: Alert
    reading: Reading
    profiles: tuple[ProfileMatch, ...] = Field(default=(), max_length=20)
    precedents: tuple[PrecedentMatch, ...] = Field(default=(), max_length=20)
    notes: tuple[Line, ...] = Field(default=(), max_length=20)
    """What could not be retrieved, in words."""
