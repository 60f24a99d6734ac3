"""Baselines: blessed runs that later runs are measured by, kept compressed beside the cases."""

from __future__ import annotations

import re
import shutil
import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from agent.errors import InputError
from evals.cases.case import Shape
from evals.cases.files import SHIPPED
from evals.comparison.gate import check_floors, check_run
from evals.comparison.history import HISTORY, HistoryEntry, append_history, make_entry, read_history
from evals.comparison.rules import GateRules
from evals.comparison.scored import ScoredRun
from evals.comparison.verdict import Verdict
from evals.running.runs import write_run

BASELINES: Final = "baselines"
"""The folder of baselines beside the cases."""
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,60}")
_TAKEN: Final = frozenset({"latest"})


class BlessingRefused(InputError):
    """A run that may not become a baseline, with the reason and the way out."""


@dataclass(frozen=True, slots=True)
class Blessing:
    """What became of a blessed run: where it lies, its line in the history, and whether it replaced another."""

    folder: Path
    entry: HistoryEntry
    replaced: bool


def bless_run(
    run: ScoredRun,
    name: str,
    rules: GateRules,
    *,
    today: date,
    why: str = "",
    force: bool = False,
    root: Path = SHIPPED,
) -> Blessing:
    """Copy a run to ``root/baselines/name``, compressed, and add its figures to ``root/history.jsonl``.

    Raises BlessingRefused for a name that is none, a run of outside data (its texts are not ours to copy), a run that
    is not finished, and one that breaks a floor unless ``force`` is given with the reason in ``why``.
    """
    if not _NAME.fullmatch(name) or name in _TAKEN:
        raise BlessingRefused(
            f"{name!r} cannot name a baseline: small letters, digits, '.', '_' and '-', not 'latest'."
        )
    if any(case.entry.shape is Shape.OUTSIDE for case in run.cases.cases):
        raise BlessingRefused(f"Run {run.label} is of outside data, whose texts are not copied into the repository.")
    unfinished = [check.text for check in check_run(run) if check.verdict is Verdict.FAIL]
    if unfinished:
        raise BlessingRefused(f"Run {run.label} is not whole ({unfinished[0]}). Resume it, then bless it.")
    failed = [check for check in check_floors(run.scores, rules) if check.verdict is Verdict.FAIL]
    if failed and not (force and why.strip()):
        raise BlessingRefused(
            f"Run {run.label} breaks {'; '.join(check.text for check in failed)}. A better run is the cure; to bless "
            "this one all the same, give --force with the reason in --why, which the history keeps."
        )
    broken = tuple(check.name for check in failed)
    history = root / HISTORY
    entry = make_entry(run, name, today, before=read_history(history), why=why, broken=broken)
    folder = root / BASELINES / name
    replaced = folder.exists()
    _swap_in(run, folder)
    append_history(entry, history)
    return Blessing(folder=folder, entry=entry, replaced=replaced)


def _swap_in(run: ScoredRun, folder: Path) -> None:
    """Write beside, then put in place: an interrupted blessing leaves one of the two, not a mixture."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".blessing-") as scratch:
        made = Path(scratch, "run")
        write_run(run.run, made, compress=True)
        if folder.exists():
            folder.rename(Path(scratch, "old"))
        shutil.move(made, folder)
