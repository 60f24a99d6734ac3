"""Run: what one drafter made of a set of cases, as files that every later step reads and none of them changes."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from pydantic import Field, ValidationError

from agent.domain.alert import Moment
from agent.domain.base import ContentHash, Frozen, Id, Line, Phrase
from agent.domain.record import TriageFailure, TriageRecord
from agent.errors import ConfigError
from evals.cases.case import Split

MANIFEST: Final = "run.json"
SAMPLES: Final = "samples.jsonl"
LOG: Final = "log.eval"


class RunInvalid(ConfigError):
    """A folder does not hold a readable run, or holds one that cannot be used for what was asked."""


class RunManifest(Frozen):
    """What was run: enough to run it again and to know whether two runs can be compared."""

    run_id: Id
    started_at: Moment
    finished_at: Moment | None = None
    drafter: Phrase
    """``extractive`` or ``llm``."""
    prompt: Phrase | None = None
    """``name@version#hash``."""
    model: Phrase | None = None
    """``provider:name`` as asked for; what the endpoint called itself stands in each record."""
    parameters: dict[Phrase, Any] = Field(default_factory=dict)
    splits: tuple[Split, ...] = ()
    cases: int = Field(ge=0)
    epochs: int = Field(ge=1)
    cases_hash: ContentHash
    references_hash: ContentHash
    """Of the profiles and precedents that stood in the index."""
    policy_hash: ContentHash
    prices_date: Phrase | None = None
    code_version: Phrase
    code_revision: Phrase | None = None
    replayed: bool = False
    """Whether the model's replies came from a recording; times are then the recorded ones."""
    note: Line = ""


class Sample(Frozen):
    """One case in one epoch (from 1), and what became of it."""

    case_id: Id
    epoch: int = Field(ge=1)
    outcome: TriageRecord | TriageFailure
    seconds: float = Field(ge=0)
    """Wall clock, waits and retries included."""


class Run(Frozen):
    """A manifest with its samples, by case and epoch, each pair once."""

    manifest: RunManifest
    samples: tuple[Sample, ...]

    @property
    def name(self) -> str:
        """What people call it: drafter or prompt and model."""
        shown = self.manifest
        return shown.drafter if shown.model is None else f"{(shown.prompt or '').partition('#')[0]} {shown.model}"


def write_run(run: Run, folder: Path, *, compress: bool = False) -> None:
    """Write a run's files; ``compress`` for a run that is kept in the repository."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MANIFEST).write_text(run.manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
    ordered = sorted(run.samples, key=lambda sample: (sample.case_id, sample.epoch))
    text = "".join(sample.model_dump_json() + "\n" for sample in ordered).encode()
    if compress:
        # No name and no time in the header: equal runs give equal bytes.
        (folder / f"{SAMPLES}.gz").write_bytes(gzip.compress(text, mtime=0))
    else:
        (folder / SAMPLES).write_bytes(text)


def read_run(folder: Path) -> Run:
    """The run in a folder. Raises RunInvalid, naming the file and what is wrong."""
    try:
        manifest = RunManifest.model_validate_json((folder / MANIFEST).read_bytes())
        samples = tuple(Sample.model_validate(row) for row in _read_rows(folder))
    except (OSError, EOFError, ValueError, ValidationError) as error:
        raise RunInvalid(f"{folder} does not hold a readable run: {error}") from error
    if repeated := _repeated((sample.case_id, sample.epoch) for sample in samples):
        raise RunInvalid(f"{folder}: sample {repeated} stands there twice. The run cannot be scored.")
    return Run(manifest=manifest, samples=samples)


def _read_rows(folder: Path) -> Iterator[Any]:
    plain = folder / SAMPLES
    raw = plain.read_bytes() if plain.exists() else gzip.decompress((folder / f"{SAMPLES}.gz").read_bytes())
    for line in raw.splitlines():
        yield json.loads(line)


def _repeated(keys: Iterable[tuple[str, int]]) -> tuple[str, int] | None:
    seen: set[tuple[str, int]] = set()
    for key in keys:
        if key in seen:
            return key
        seen.add(key)
    return None
