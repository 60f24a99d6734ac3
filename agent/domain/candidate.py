"""Who of the article's people can be the alert's subject, each with the profiles that may be them and why."""

from __future__ import annotations

from pydantic import Field

from agent.domain.base import Frozen, Id, Line, LocalId, Name, Phrase
from agent.domain.reference import NamePartMatch
from agent.domain.summary import IdentityFeature
from agent.domain.taxonomy import IdentityVerdict, Role


class ProfileCandidate(Frozen):
    """A profile held against one party, part of the name by part, attribute by attribute."""

    profile_id: Id
    name: Name
    """The profile's main name."""
    matched_name: Name
    """The one of its names that meets the article's."""
    score: float
    """How alike the two names are, 0 to 1; no probability."""
    parts: tuple[NamePartMatch, ...] = Field(default=(), max_length=40)
    features: tuple[IdentityFeature, ...] = Field(default=(), max_length=20)
    verdict: IdentityVerdict
    explanation: Line
    """One sentence for the analyst: what is the same, what another spelling, what contradicts, what is not known."""


class SubjectCandidate(Frozen):
    """One of the article's people who can be the subject; the likeliest come first."""

    party: LocalId | None = None
    """The reader's party; None for a name of a profile that stands in the text and that the reader gave no part."""
    name: Name
    role: Role
    reason: Phrase
    """Why it stands at this place: ``named in the alert``, ``accused: fraud`` …"""
    profiles: tuple[ProfileCandidate, ...] = Field(default=(), max_length=10)
    note: Line = ""
    """``no reference profile found``, or that the profiles contradict each other."""
