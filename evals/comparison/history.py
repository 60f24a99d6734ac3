"""History: one dated line of figures for every blessed run, open to everybody who reads the repository."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Final

from pydantic import Field, ValidationError

from agent.domain.base import ContentHash, Frozen, Line, Phrase
from agent.errors import ConfigError
from evals.cases.case import Split
from evals.cases.files import SHIPPED
from evals.comparison.scored import ScoredRun
from evals.scoring.summary import summarise

HISTORY: Final = "history.jsonl"
"""The file beside the cases."""


class HistoryInvalid(ConfigError):
    """The history file holds a line that is no entry."""


class HistoryFigure(Frozen):
    """A figure with its interval, and on how many alerts of how many subjects it rests."""

    value: float
    low: float | None
    high: float | None
    alerts: int = Field(ge=0)
    subjects: int = Field(ge=0)


class HistoryEntry(Frozen):
    """One blessed run, as figures."""

    date: date
    name: Phrase
    """The baseline's name."""
    drafter: Phrase
    prompt: Phrase | None = None
    model: Phrase | None = None
    splits: tuple[Split, ...]
    cases: int = Field(ge=1)
    epochs: int = Field(ge=1)
    cases_hash: ContentHash
    """Of the cases as they were scored."""
    policy_hash: ContentHash
    references_hash: ContentHash
    code_version: Phrase
    code_revision: Phrase | None = None
    replayed: bool = False
    comparable: bool | None = None
    """Whether the cases are those of the entry of this name before; None where there is none before."""
    why: Line = ""
    broken: tuple[Phrase, ...] = ()
    """The floors that the run broke and was blessed in spite of, for the reason in ``why``."""
    figures: dict[Phrase, HistoryFigure]


def read_history(path: Path = SHIPPED / HISTORY) -> tuple[HistoryEntry, ...]:
    """The entries, oldest first; none where the file does not exist. Raises HistoryInvalid with the line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return ()
    entries = list[HistoryEntry]()
    for number, line in enumerate(lines, start=1):
        try:
            entries.append(HistoryEntry.model_validate_json(line))
        except ValidationError as error:
            raise HistoryInvalid(
                f"{path}, line {number}: {error.errors()[0]['msg']}. Mend or remove the line."
            ) from error
    return tuple(entries)


def append_history(entry: HistoryEntry, path: Path = SHIPPED / HISTORY) -> None:
    """Add one line to the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(entry.model_dump_json() + "\n")


def make_entry(
    run: ScoredRun,
    name: str,
    today: date,
    *,
    before: Iterable[HistoryEntry],
    why: str = "",
    broken: tuple[str, ...] = (),
) -> HistoryEntry:
    """The entry of a run that is being blessed as ``name``; ``before`` are the entries so far."""
    manifest, hashed = run.run.manifest, run.cases.hash
    earlier = [entry for entry in before if entry.name == name]
    return HistoryEntry(
        date=today,
        name=name,
        drafter=manifest.drafter,
        prompt=manifest.prompt,
        model=manifest.model,
        splits=tuple(sorted({score.split for score in run.scores})),
        cases=len(run.cases.cases),
        epochs=manifest.epochs,
        cases_hash=hashed,
        policy_hash=manifest.policy_hash,
        references_hash=manifest.references_hash,
        code_version=manifest.code_version,
        code_revision=manifest.code_revision,
        replayed=manifest.replayed,
        comparable=earlier[-1].cases_hash == hashed if earlier else None,
        why=why,
        broken=broken,
        figures={
            figure.measure: HistoryFigure(
                value=figure.value, low=figure.low, high=figure.high, alerts=figure.alerts, subjects=figure.subjects
            )
            for figure in summarise(run.scores)
            if figure.value is not None
        },
    )
