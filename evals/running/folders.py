"""Where runs lie and how they are found: ``<home>/evals/runs/<run-id>/``, and baselines beside the cases."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from evals.cases.files import SHIPPED
from evals.running.orders import RunOrder
from evals.running.runs import MANIFEST, RunInvalid, RunManifest

JOURNAL: Final = "journal.jsonl"
ORDER: Final = "order.json"
LATEST: Final = "latest"


def runs_root(home: Path) -> Path:
    """The folder of all runs of this home."""
    return home / "evals" / "runs"


def make_run_folder(home: Path, name: str) -> Path:
    """A new folder whose name is the run's id: when, what, and four letters so that no two are the same."""
    moment = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    words = re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-")[:60]
    folder = runs_root(home) / f"{moment}-{words}-{secrets.token_hex(2)}"
    folder.mkdir(parents=True, mode=0o700)
    return folder


def list_run_folders(home: Path) -> list[Path]:
    """Every folder that holds a manifest, the newest first."""
    root = runs_root(home)
    found = [path.parent for path in root.glob(f"*/{MANIFEST}")] if root.is_dir() else []
    return sorted(found, key=lambda folder: (read_manifest(folder).started_at, folder.name), reverse=True)


def read_manifest(folder: Path) -> RunManifest:
    """A run's manifest alone. Raises RunInvalid."""
    try:
        return RunManifest.model_validate_json((folder / MANIFEST).read_bytes())
    except (OSError, ValueError) as error:
        raise RunInvalid(f"{folder} does not hold a readable run: {error}") from error


def find_run(home: Path, wanted: str, *, baselines: Path = SHIPPED / "baselines") -> Path:
    """The folder of the run that ``wanted`` names: ``latest``, an id or its unique beginning, a baseline, or a path.

    ``latest`` is the newest finished run. Raises RunInvalid when there is none, or more than one.
    """
    folders = list_run_folders(home)
    if wanted == LATEST:
        finished = [folder for folder in folders if is_finished(folder)]
        if not finished:
            raise RunInvalid("There is no finished run yet. `triage eval run` makes one.")
        return finished[0]
    for place in (runs_root(home) / wanted, baselines / wanted, Path(wanted)):
        if (place / MANIFEST).is_file():
            return place
    begun = [folder for folder in folders if folder.name.startswith(wanted)]
    if len(begun) > 1:
        raise RunInvalid(f"{wanted!r} is the beginning of {len(begun)} runs: write more of the id.")
    if not begun:
        raise RunInvalid(f"There is no run {wanted!r}. `triage eval runs` lists all.")
    return begun[0]


def is_finished(folder: Path) -> bool:
    """Whether the run came to its end."""
    return read_manifest(folder).finished_at is not None


def find_unfinished(home: Path, wanted: str) -> list[Path]:
    """The runs that ``--resume`` means: those of the last command that did not finish, or the one that is named.

    Raises RunInvalid when there is none.
    """
    if wanted != LATEST:
        return [find_run(home, wanted)]
    unfinished = [folder for folder in list_run_folders(home) if not is_finished(folder)]
    if not unfinished:
        raise RunInvalid("Every run is finished: there is nothing to resume.")
    command = read_order(unfinished[0]).command
    return [folder for folder in reversed(unfinished) if read_order(folder).command == command]


def read_order(folder: Path) -> RunOrder:
    """What a run was to do. Raises RunInvalid."""
    try:
        return RunOrder.model_validate_json((folder / ORDER).read_bytes())
    except (OSError, ValueError) as error:
        raise RunInvalid(f"{folder} holds no readable order: {error}. The run cannot be resumed.") from error
