"""Invented profiles and precedents, and a store of them in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Generic

from agent.domain.reference import EntryT, Precedent, PrecedentQuery, Profile, ReferenceChange
from agent.domain.taxonomy import Offence, PartyKind, PrecedentOutcome, Role, SourceKind, Stage
from retrieval.embedding.minilm import MiniLmEmbedder

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


class Rows(Generic[EntryT]):
    """Entries by id, each with the generation of its last change; what was removed leaves its id behind."""

    def __init__(self) -> None:
        self.generation = 0
        self._rows: dict[str, tuple[int, EntryT | None]] = {}

    def put(self, entries: Iterable[tuple[str, EntryT | None]]) -> None:
        """Save or, with None, remove entries; one step of the generation."""
        self.generation += 1
        self._rows.update({key: (self.generation, entry) for key, entry in entries})

    def changes(self, after: int) -> Iterator[ReferenceChange[EntryT]]:
        for key, (generation, entry) in sorted(self._rows.items(), key=lambda row: (row[1][0], row[0])):
            if generation > after and (after or entry is not None):
                yield ReferenceChange(key, generation, entry)

    def load(self, ids: Sequence[str]) -> dict[str, EntryT]:
        found = {key: self._rows[key][1] for key in ids if key in self._rows}
        return {key: entry for key, entry in found.items() if entry is not None}

    def __len__(self) -> int:
        return sum(entry is not None for _, entry in self._rows.values())


class MemoryStore:
    """Profiles and precedents with the counters and change feeds of the real store."""

    def __init__(self, profiles: Iterable[Profile] = (), precedents: Iterable[Precedent] = ()) -> None:
        self.profiles: Rows[Profile] = Rows()
        self.precedents: Rows[Precedent] = Rows()
        self.save(*profiles, *precedents)

    def save(self, *entries: Profile | Precedent) -> None:
        profiles = [entry for entry in entries if isinstance(entry, Profile)]
        precedents = [entry for entry in entries if isinstance(entry, Precedent)]
        if profiles:
            self.profiles.put((entry.profile_id, entry) for entry in profiles)
        if precedents:
            self.precedents.put((entry.precedent_id, entry) for entry in precedents)

    def remove_profiles(self, *ids: str) -> None:
        self.profiles.put((key, None) for key in ids)

    def remove_precedents(self, *ids: str) -> None:
        self.precedents.put((key, None) for key in ids)

    def load_profiles(self, ids: Sequence[str]) -> dict[str, Profile]:
        return self.profiles.load(ids)

    def load_precedents(self, ids: Sequence[str]) -> dict[str, Precedent]:
        return self.precedents.load(ids)

    def profile_changes(self, after: int) -> Iterator[ReferenceChange[Profile]]:
        return self.profiles.changes(after)

    def precedent_changes(self, after: int) -> Iterator[ReferenceChange[Precedent]]:
        return self.precedents.changes(after)

    def profiles_generation(self) -> int:
        return self.profiles.generation

    def precedents_generation(self) -> int:
        return self.precedents.generation

    def count_profiles(self) -> int:
        return len(self.profiles)

    def count_precedents(self) -> int:
        return len(self.precedents)


def many_profiles(number: int) -> list[Profile]:
    """Bridge keepers, all with texts of their own."""
    return [
        Profile(profile_id=f"M-{n}", name=f"Rosa Quill{n}a", positions=(f"Keeper of bridge {n} over the river",))
        for n in range(number)
    ]


def current_folder(root: Path) -> Path:
    """The folder of the build in use under a part's root."""
    return root / "builds" / (root / "current").read_text().strip()
