"""The sets of outside data by name, and how they are run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Final

from agent.settings import Settings
from evals.cases.outside import adverse_media, injections, muc4, name_pairs, press_releases
from evals.cases.outside.figures import Asked, Measured, RunCases
from evals.cases.outside.rows import OutsideInvalid
from evals.probes.probed import NO_REFERENCES
from evals.probes.running import OnDone, run_samples


@dataclass(frozen=True, slots=True)
class OutsideSet:
    """A set: its main file, and what runs and measures it."""

    file: str
    measure: Callable[[Path, Asked], Measured]


SETS: Final[Mapping[str, OutsideSet]] = MappingProxyType(
    {
        adverse_media.NAME: OutsideSet(adverse_media.FILE, adverse_media.measure_articles),
        press_releases.NAME: OutsideSet(press_releases.FILE, press_releases.measure_releases),
        muc4.NAME: OutsideSet(muc4.FILE, muc4.measure_reports),
        name_pairs.NAME: OutsideSet(name_pairs.FILE, name_pairs.measure_name_pairs),
        injections.NAME: OutsideSet(injections.FILE, injections.measure_injections),
    }
)


def choose_sets(folder: Path, named: Sequence[str]) -> list[str]:
    """The sets named, or all whose file is there. Raises OutsideInvalid where there is none."""
    if not folder.is_dir():
        raise OutsideInvalid(f"{folder} is no folder: give the outside data's with --data or TRIAGE_DATA_DIR.")
    found = [name for name in SETS if (folder / SETS[name].file).is_file()]
    if missing := [name for name in dict.fromkeys(named) if name not in found]:
        raise OutsideInvalid(f"{folder} holds no {SETS[missing[0]].file}: {missing[0]} cannot be measured.")
    if not found:
        raise OutsideInvalid(f"{folder} holds none of {', '.join(one.file for one in SETS.values())}.")
    return [name for name in found if not named or name in named]


@contextmanager
def open_runner(settings: Settings, on_done: OnDone) -> Iterator[RunCases]:
    """What runs cases through the pipeline, no profile or past decision beside them.

    Everything that is written meanwhile, a model's ledger too, lies in a folder that is gone in the end: the texts are
    other people's. A model's calls are therefore paid again in the next run.
    """
    with TemporaryDirectory(prefix="triage-outside-") as home:
        apart = settings.model_copy(update={"home": Path(home), "database_url": None})
        yield partial(run_samples, apart, NO_REFERENCES, tell=lambda _: None, on_done=on_done)
