"""The profiles and precedents that stand in the index while cases are run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from agent.domain.fingerprint import content_hash
from agent.domain.reference import Precedent, Profile
from evals.cases.files import SHIPPED, CaseInvalid
from retrieval.ingest.files import read_precedents, read_profiles
from retrieval.ingest.rows import RowProblem

EntryT = TypeVar("EntryT", Profile, Precedent)


@dataclass(frozen=True, slots=True)
class CaseReferences:
    """What is loaded, in the order of the files."""

    profiles: tuple[Profile, ...]
    precedents: tuple[Precedent, ...]

    @property
    def hash(self) -> str:
        """Content hash of all entries; file names and order do not count."""
        return content_hash(sorted(content_hash(entry) for entry in (*self.profiles, *self.precedents)))


def profile_files(root: Path = SHIPPED) -> tuple[Path, ...]:
    """The profile files that go with the cases under ``root``."""
    return tuple(sorted((root / "profiles").glob("*.jsonl")))


def precedent_files(root: Path = SHIPPED) -> tuple[Path, ...]:
    """The precedent files that go with the cases under ``root``."""
    return tuple(sorted((root / "precedents").glob("*.jsonl")))


def load_references(root: Path = SHIPPED) -> CaseReferences:
    """Every profile and precedent under ``root``.

    Raises CaseInvalid for a row that cannot be loaded and for an id used twice.
    """
    profiles = [entry for path in profile_files(root) for entry in _sound(read_profiles(path))]
    precedents = [entry for path in precedent_files(root) for entry in _sound(read_precedents(path))]
    _refuse_twice([profile.profile_id for profile in profiles])
    _refuse_twice([precedent.precedent_id for precedent in precedents])
    return CaseReferences(tuple(profiles), tuple(precedents))


def _sound(rows: Iterable[EntryT | RowProblem]) -> Iterator[EntryT]:
    for row in rows:
        if isinstance(row, RowProblem):
            raise CaseInvalid(f"{row} Mend the row: cases are run with all their references or not at all.")
        yield row


def _refuse_twice(ids: list[str]) -> None:
    if repeated := sorted(one for one, times in Counter(ids).items() if times > 1):
        raise CaseInvalid(f"The reference ids {', '.join(repeated[:5])} are used twice. Rename one of each.")
