"""Case files: YAML lists of cases, one folder a split; profiles and precedents that go with them beside."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import ValidationError

from agent.domain.fingerprint import content_hash
from agent.errors import ConfigError, InputError
from agent.intake.payload import read_alert_payload
from evals.cases.case import Case, CaseEntry, Split

SHIPPED: Final = Path(__file__).parent.parent / "data"
"""The folder of the cases, profiles and precedents that come with the product."""


_NARROWED: Final = {"bool": re.compile(r"(?:true|false)$"), "int": re.compile(r"\d{1,2}$")}


class _PlainLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML whose dates and years stay text and whose only truth values are true and false: Norway is NO, not False."""


_PlainLoader.yaml_implicit_resolvers = {
    first: [
        (tag, _NARROWED.get(tag.rpartition(":")[2], pattern))
        for tag, pattern in resolvers
        if tag.rpartition(":")[2] not in {"timestamp", "float"}
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class CaseInvalid(ConfigError):
    """A case file does not hold what the schema asks for; nothing is run on it."""


@dataclass(frozen=True, slots=True)
class CaseSet:
    """Cases in the order of their files."""

    cases: tuple[Case, ...]

    @property
    def hash(self) -> str:
        """Content hash of alerts and gold; file names, order and comments do not count."""
        return content_hash(sorted(content_hash([case.entry, case.split]) for case in self.cases))

    def by_id(self) -> dict[str, Case]:
        """Id → case."""
        return {case.id: case for case in self.cases}

    def select(self, splits: Iterable[Split] = (), ids: Iterable[str] = ()) -> CaseSet:
        """The cases of these splits, and of these only where ids are given. Raises CaseInvalid for an unknown id."""
        wanted, named = set(splits), list(ids)
        if unknown := sorted(set(named) - {case.id for case in self.cases}):
            raise CaseInvalid(f"There is no case {', '.join(map(repr, unknown))}. `triage eval cases list` shows all.")
        kept = [case for case in self.cases if not wanted or case.split in wanted]
        return CaseSet(tuple(case for case in kept if not named or case.id in set(named)))


def load_cases(root: Path = SHIPPED, splits: Iterable[Split] = tuple(Split)) -> CaseSet:
    """Every case of the splits under ``root/cases/<split>/*.yaml``. Raises CaseInvalid with file and case."""
    cases: list[Case] = []
    places: dict[str, Path] = {}
    for split in splits:
        for path in sorted((root / "cases" / split).glob("*.yaml")):
            for case in read_case_file(path, split):
                if case.id in places:
                    raise CaseInvalid(f"{path}: case {case.id!r} also stands in {places[case.id]}. Rename one.")
                places[case.id] = path
                cases.append(case)
    return CaseSet(tuple(cases))


def read_case_file(path: Path, split: Split) -> Iterator[Case]:
    """The cases of one file. Raises CaseInvalid."""
    try:
        rows = yaml.load(path.read_text(encoding="utf-8"), Loader=_PlainLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise CaseInvalid(f"{path}: not readable as YAML: {error}") from error
    if not isinstance(rows, list):
        raise CaseInvalid(f"{path}: a case file is a list of cases.")
    for number, row in enumerate(rows, start=1):
        name = row.get("id", number) if isinstance(row, dict) else number
        yield read_case(row, split, f"{path}: case {name}")


def read_case(row: Any, split: Split, where: str) -> Case:
    """One case from its parsed row. Raises CaseInvalid, beginning with ``where``."""
    try:
        entry = CaseEntry.model_validate(row)
        alert = read_alert_payload({**entry.alert, "alert_id": entry.id}, where)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()[:5])
        raise CaseInvalid(f"{where}: {faults}") from error
    except InputError as error:
        raise CaseInvalid(f"{where}: {error}") from error
    return Case(entry=entry, split=split, alert=alert)
