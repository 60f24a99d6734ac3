"""The workspace of the eval references: profiles and precedents in a store and an index of their own, built once.

    <home>/evals/references/<key>/references.db   the references as loaded; only ever copied from
                                  index/          the reference index over them; only ever copied from
                                  triage.db       the references again, and the ledger of the calls that runs paid for
                                  seats/<n>/      a copy of database and index for one process

Chroma's folder is open in one process at a time, so each process that triages cases takes a seat: a copy of its own,
a few megabytes, made anew each time. The product's own database and index are never opened.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from agent.domain.fingerprint import content_hash
from agent.settings import Settings
from agent.wiring import Services, code_version
from evals.cases.references import CaseReferences
from evals.running.disk import write_whole
from evals.running.locks import Claim, hold
from retrieval.build import build_references

FENCE_SECRET: Final = SecretStr("the fence of eval runs, the same everywhere")
"""Fixed, so that ledger and recordings stay valid on every machine. Cases are not production data."""

_BUILT: Final = "built.json"
_PRISTINE: Final = "references.db"
_LEDGER: Final = "triage.db"
_INDEX: Final = "index"

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Workspace:
    """A finished workspace; safe to pickle for worker processes."""

    folder: Path
    settings: Settings
    """The settings as the user has them."""

    def take_seat(self, *, own_ledger: bool) -> Seat:
        """A copy for this process. With ``own_ledger`` no paid call is known there and none is kept."""
        for number in count():
            folder = self.folder / "seats" / str(number)
            try:
                claim = Claim(folder.with_suffix(".lock"))
            except BlockingIOError:
                continue
            with hold(_lock_of(self.folder)):
                shutil.rmtree(folder, ignore_errors=True)
                shutil.copytree(self.folder / _INDEX, folder / _INDEX)
                shutil.copyfile(self.folder / _PRISTINE, folder / _LEDGER)
            database = folder / _LEDGER if own_ledger else self.folder / _LEDGER
            return Seat(_settle(self.settings, folder, database), claim)
        raise AssertionError("count() never ends")


@dataclass(frozen=True, slots=True)
class Seat:
    """One process's copy, and the settings under which services work on it."""

    settings: Settings
    _claim: Claim

    def leave(self) -> None:
        """Let another process have the seat."""
        self._claim.release()


def open_workspace(settings: Settings, references: CaseReferences, tell: Tell) -> Workspace:
    """The workspace of these references, built if nobody did so yet; a second process waits for the first.

    The embedder is part of its key: vectors of two embedders cannot stand in one index. Raises StoreError,
    RetrievalError, SettingInvalid.
    """
    key = content_hash([references.hash, settings.embedder, settings.embedder_base_url]).removeprefix("sha256:")[:16]
    folder = settings.home / "evals" / "references" / key
    with hold(_lock_of(folder), lambda: tell("Waiting for another run to finish building the eval references …")):
        if _read_mark(folder) != code_version():
            tell(
                f"Building the eval references once: {len(references.profiles)} profiles, "
                f"{len(references.precedents)} precedents …"
            )
            _build(settings, references, folder)
    return Workspace(folder, settings)


def _build(settings: Settings, references: CaseReferences, folder: Path) -> None:
    """Load and index; whatever a killed build left is brought up to date, and the mark set last."""
    for name in (_LEDGER, _PRISTINE):  # the pristine one last: its services build the index
        services = Services(_settle(settings, folder, folder / name))
        try:
            services.store.save_profiles(references.profiles, replace=True)
            services.store.save_precedents(references.precedents, replace=True)
            if name == _PRISTINE:
                build_references(
                    services.settings.index_root, services.store, services.embedder, chroma=services.chroma_place
                )
        finally:
            services.close()
    write_whole(folder / _BUILT, json.dumps({"code_version": code_version()}))


def _read_mark(folder: Path) -> str | None:
    """The version of the product that finished building, or None: a newer one looks the index over again."""
    try:
        return str(json.loads((folder / _BUILT).read_text(encoding="utf-8"))["code_version"])
    except (OSError, ValueError, KeyError):
        return None


def _lock_of(folder: Path) -> Path:
    return folder.with_suffix(".lock")


def _settle(settings: Settings, home: Path, database: Path) -> Settings:
    """The user's settings moved into the workspace: nothing of production is read or written."""
    return settings.model_copy(
        update={
            "home": home,
            "database_url": f"sqlite:///{database}",
            "chroma": "embedded",
            "secret": FENCE_SECRET,
        }
    )
