"""What the team already knows: profiles, precedents, and the dossier a drafter may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

from pydantic import Field, StringConstraints

from agent.domain.alert import Alert, Moment
from agent.domain.base import Country, Frozen, Id, Line, Name, PartialDate, Phrase
from agent.domain.reading import Reading
from agent.domain.taxonomy import NamePartRelation, Offence, PartyKind, PrecedentOutcome, Role, SourceKind, Stage

ReferenceText = Annotated[str, StringConstraints(max_length=4_000)]


class Profile(Frozen):
    """A reference identity: who somebody is, from a list or the customer file."""

    profile_id: Id
    name: Name
    kind: PartyKind = PartyKind.PERSON
    aliases: tuple[Name, ...] = Field(default=(), max_length=200)
    weak_aliases: tuple[Name, ...] = Field(default=(), max_length=200)
    """Names the list itself calls weak (a first name, a *nom de guerre*): they find the profile, and prove nothing."""
    birth_date: PartialDate | None = None
    death_date: PartialDate | None = None
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


class NamePartMatch(Frozen):
    """One part of a name held against its counterpart; on either side empty where only the other name has it."""

    given: Phrase = ""
    """As the list or the alert has it."""
    stated: Phrase = ""
    """As the article has it."""
    relation: NamePartRelation


class ProfileMatch(Frozen):
    """A profile that may be one of the article's people, and which of its names met which mention how well."""

    profile: Profile
    mention: Phrase = ""
    """The name looked for."""
    matched_name: Name
    """The profile's name that meets it best."""
    weak: bool = False
    """Whether that is a weak alias."""
    score: float
    """Route ``name``: how alike the two names are, 0 to 1, no probability. Route ``description``: cosine."""
    route: Phrase
    """``name`` or ``description``."""
    parts: tuple[NamePartMatch, ...] = Field(default=(), max_length=40)
    """The two names part by part, in the order of the profile's."""


class PrecedentMatch(Frozen):
    """A precedent with its similarity (cosine, 1 is equal) and, in words, what is alike and what differs."""

    precedent: Precedent
    similarity: float
    dense_rank: int | None = None
    """Place among its outcome's precedents by meaning, from 1; None where it was found by words alone."""
    lexical_rank: int | None = None
    """Place among its outcome's precedents by words (BM25), from 1; None where it was found by meaning alone."""
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
    outcome_counts: dict[PrecedentOutcome, int] = Field(default_factory=dict)
    """How all precedents of the index ended: the base rate beside an equal number shown of each."""
    notes: tuple[Line, ...] = Field(default=(), max_length=20)
    """What could not be retrieved, in words."""


EntryT = TypeVar("EntryT", Profile, Precedent)


@dataclass(frozen=True, slots=True)
class ReferenceChange(Generic[EntryT]):
    """One entry as of its last change in the store: what it is now, or None when it was removed."""

    id: str
    generation: int
    """The store's counter at that change; an index that reflects it need not look at it again."""
    entry: EntryT | None
