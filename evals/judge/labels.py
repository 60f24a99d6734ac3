"""Labels: what people say of claims, who said it, when, and under which rubric; nothing is ever overwritten."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Annotated

from pydantic import StringConstraints, ValidationError

from agent.domain.alert import Moment
from agent.domain.base import ContentHash, Frozen, Id
from agent.domain.fingerprint import content_hash
from agent.errors import ConfigError
from evals.judge.rubric import Support
from evals.running.disk import force_to_disk
from evals.running.locks import Claim as FileClaim

Person = Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True)]


class LabelsInvalid(ConfigError):
    """A file of labels cannot be read, or is in use."""


class Label(Frozen):
    """One person's word on one claim. A later one by the same person on the same claim replaces it."""

    claim: ContentHash
    rubric: ContentHash
    label: Support
    by: Person
    at: Moment
    run_id: Id
    case_id: Id
    claim_id: str


class LabelBook:
    """A file of labels to which one process adds. Use it as a context manager."""

    def __init__(self, path: Path) -> None:
        """Open, or make, the file; what a kill left of a last line is cut off. Raises LabelsInvalid."""
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock = FileClaim(path.with_name(f"{path.name}.lock"))
        except BlockingIOError:
            raise LabelsInvalid(f"Somebody is labelling into {path} now: name another file with --file.") from None
        except OSError as error:
            raise LabelsInvalid(f"{path} cannot be written: {error.strerror}.") from error
        raw = path.read_bytes() if path.exists() else b""
        whole = raw.rfind(b"\n") + 1
        self.labels = list(_parse(path, raw[:whole]))
        self._descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        os.ftruncate(self._descriptor, whole)
        force_to_disk(path.parent)

    def __enter__(self) -> LabelBook:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._descriptor)
        self._lock.release()

    def append(self, label: Label) -> None:
        """Keep a label; durable when this returns."""
        rest = label.model_dump_json().encode() + b"\n"
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]
        os.fdatasync(self._descriptor)
        self.labels.append(label)


def read_labels(path: Path) -> list[Label]:
    """The labels of a file, a torn last line left out. Raises LabelsInvalid."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise LabelsInvalid(f"There are no labels at {path}. `triage eval label` collects them.") from error
    return list(_parse(path, raw[: raw.rfind(b"\n") + 1]))


def latest_labels(labels: Iterable[Label], rubric: str) -> dict[str, dict[str, Support]]:
    """Claim → person → that person's last word under this rubric. Names are told apart without regard to case."""
    said: dict[str, dict[str, Support]] = {}
    for one in labels:
        if one.rubric == rubric:
            said.setdefault(one.claim, {})[fold_person(one.by)] = one.label
    return said


def settle(words: Mapping[str, Support]) -> Support:
    """What people say of a claim: their one word, and ``cannot_tell`` where they differ, as for the judge."""
    differing = set(words.values())
    return differing.pop() if len(differing) == 1 else Support.CANNOT_TELL


def hash_labels(said: Mapping[str, Mapping[str, Support]], claims: Iterable[str]) -> str:
    """Content hash of all that people said of these claims."""
    return content_hash({claim: said[claim] for claim in claims if claim in said})


def fold_person(name: str) -> str:
    """A name for comparison."""
    return " ".join(name.casefold().split())


def _parse(path: Path, raw: bytes) -> Iterable[Label]:
    for number, line in enumerate(raw.split(b"\n"), start=1):
        if line:
            try:
                yield Label.model_validate_json(line)
            except ValidationError as error:
                raise LabelsInvalid(f"{path}, line {number}: not a label. Mend or remove the line.") from error
