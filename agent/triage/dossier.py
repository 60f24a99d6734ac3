"""The dossier: an alert, its reading, and what the team already knows that bears on it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from agent.domain.alert import Alert
from agent.domain.reading import Finding, Reading
from agent.domain.reference import Dossier, PrecedentMatch, PrecedentQuery, ProfileMatch
from agent.domain.taxonomy import Role
from agent.errors import RetrievalError

MOST_PROFILES = 8
MOST_PRECEDENTS = 6
_MOST_NAMES = 12


class ReferenceSource(Protocol):
    """Where profiles and precedents are found; ``retrieval.chroma.ReferenceIndex`` is one."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of the index: none built yet, older than the store."""

    def find_profiles(self, names: Sequence[str], description: str, limit: int) -> list[ProfileMatch]:
        """Profiles of people with these names; raises RetrievalError."""

    def find_precedents(self, query: PrecedentQuery, limit: int) -> list[PrecedentMatch]:
        """Like cases decided before the query's moment; raises RetrievalError."""


def build_dossier(alert: Alert, reading: Reading, source: ReferenceSource | None, now: datetime) -> Dossier:
    """Retrieve for an alert; without a source nothing is.

    A reference index that cannot answer costs its part of the dossier, never the alert.
    """
    if source is None:
        return Dossier(alert=alert, reading=reading)
    notes = list(source.notes)
    profiles: list[ProfileMatch] = []
    precedents: list[PrecedentMatch] = []
    try:
        names = _names_to_look_up(alert, reading)
        profiles = source.find_profiles(names, "", MOST_PROFILES) if names else []
        query = describe_case(alert, reading, now)
        precedents = source.find_precedents(query, MOST_PRECEDENTS) if query is not None else []
    except RetrievalError as error:
        notes.append(f"Profiles and precedents are not available: {error}"[:600])
    return Dossier(
        alert=alert,
        reading=reading,
        profiles=tuple(profiles),
        precedents=tuple(precedents),
        notes=tuple(dict.fromkeys(notes))[:20],
    )


def _names_to_look_up(alert: Alert, reading: Reading) -> list[str]:
    """The screened names, then the names of those the article gives a part."""
    names: dict[str, None] = {}
    if alert.subject is not None:
        names.update(dict.fromkeys((alert.subject.name, *alert.subject.aliases)))
    parties = sorted(reading.parties, key=lambda party: (party.id != reading.subject, party.role is Role.MENTIONED))
    names.update(
        (party.name, None) for party in parties if party.role is not Role.MENTIONED or party.id == reading.subject
    )
    return list(names)[:_MOST_NAMES]


def describe_case(alert: Alert, reading: Reading, now: datetime) -> PrecedentQuery | None:
    """What to look for among past decisions; None when the article could not be read."""
    if not reading.readable:
        return None
    party = reading.party(reading.subject) if reading.subject else None
    about = _findings_about_the_subject(reading)
    offences = tuple(dict.fromkeys(offence for finding in about for offence in finding.offences))
    stages = tuple(dict.fromkeys(finding.stage for finding in about))
    name = party.name if party is not None else alert.subject.name if alert.subject is not None else None
    sentences = reading.sentences()
    wanted = list(dict.fromkeys(finding.sentence for finding in about))[:4] or list(sentences)[:2]
    text = " ".join(alert.article.text[sentences[one].start : sentences[one].end] for one in wanted)
    return PrecedentQuery(
        text=" ".join(text.split())[:2_000],
        subject_name=name,
        offences=offences,
        stages=stages,
        role=party.role if party is not None else Role.UNDETERMINED,
        jurisdiction=next((finding.jurisdiction for finding in about if finding.jurisdiction), None),
        source_kind=reading.source_kind,
        exclude_alert_id=alert.alert_id,
        before=alert.received_at or now,
    )


def _findings_about_the_subject(reading: Reading) -> list[Finding]:
    """What is held against the subject; where that is nothing, the risk sentences that are tied to nobody."""
    findings = [finding for finding in reading.findings if not finding.negated]
    if reading.subject is None:
        return findings
    risky = {risk.sentence for risk in reading.risk_sentences}
    own = [finding for finding in findings if reading.subject in finding.parties]
    return own or [finding for finding in findings if not finding.parties and finding.sentence in risky]
