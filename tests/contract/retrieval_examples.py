"""Invented profiles and precedents, and an index built of them."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from agent.domain.reference import Precedent, PrecedentQuery, Profile
from agent.domain.taxonomy import Offence, PartyKind, PrecedentOutcome, Role, SourceKind, Stage
from retrieval.embedder import MiniLmEmbedder

MATERIAL, NOT_MATERIAL, NOT_SUBJECT = (
    PrecedentOutcome.MATERIAL,
    PrecedentOutcome.NOT_MATERIAL,
    PrecedentOutcome.NOT_THE_SUBJECT,
)

PROFILES = (
    Profile(
        profile_id="P-1",
        name="Ilona Varga-Testerova",
        aliases=("I. Testerova", "Илона Тестерова"),
        countries=("SK",),
        positions=("Deputy minister of transport",),
        topics=("role.pep",),
    ),
    Profile(profile_id="P-2", name="Karim Odelson", countries=("MA",), positions=("Fisherman and boat owner",)),
    Profile(profile_id="P-3", name="Karim Odelson", countries=("SE",), positions=("Central bank governor",)),
    Profile(profile_id="P-4", name="Northwater Shipping Ltd.", kind=PartyKind.ORGANISATION, countries=("MT",)),
)


@lru_cache(maxsize=1)
def embedder() -> MiniLmEmbedder:
    """One loaded model for all tests of a process."""
    return MiniLmEmbedder()


def moment(year: int, month: int = 1, day: int = 1) -> datetime:
    return datetime(year, month, day, tzinfo=UTC)


def precedent(number: int, outcome: PrecedentOutcome = MATERIAL, **changes: Any) -> Precedent:
    """A case of a harbour official and bribes; ``changes`` replace fields."""
    fields: dict[str, Any] = {
        "precedent_id": f"D-{number}",
        "alert_id": f"A-{number}",
        "subject_name": f"Subject {number} Example",
        "offences": (Offence.CORRUPTION,),
        "stages": (Stage.CHARGED,),
        "role": Role.ACCUSED,
        "jurisdiction": "PT",
        "source_kind": SourceKind.NEWS_REPORT,
        "summary": f"Prosecutors charged harbour official number {number} with taking bribes from a dredging firm.",
        "outcome": outcome,
        "reason_code": "stage_and_role",
        "rationale": "Decided on the charge sheet.",
        "decided_by": "Ana Analyst",
        "approved_by": "Berta Second",
        "decided_at": moment(2020, 1, 1 + number % 28),
    }
    return Precedent.model_validate(fields | changes)


def query(**changes: Any) -> PrecedentQuery:
    """What an alert about the same sort of case asks for; ``changes`` replace fields."""
    fields: dict[str, Any] = {
        "text": "Prosecutors charged a port director with taking bribes from a construction company.",
        "subject_name": "Dario Neverwas",
        "offences": (Offence.CORRUPTION,),
        "stages": (Stage.CHARGED,),
        "role": Role.ACCUSED,
        "jurisdiction": "ES",
        "source_kind": SourceKind.NEWS_REPORT,
        "exclude_alert_id": "A-now",
        "before": moment(2024),
    }
    return PrecedentQuery.model_validate(fields | changes)


def current_folder(root: Path) -> Path:
    """The folder of the build in use."""
    return root / "builds" / (root / "current").read_text().strip()
