"""Journal: every finished sample on disk before it counts, so that a killed run loses none and repeats none.

inspect 0.3.285 writes its log in batches and keeps what is newer in memory, or in a database outside the run's folder.
At five kills with 66 to 374 finished samples its own recovery lost 1 to 13 of them with that database, and all without.
Here each sample is one line, forced to disk before inspect hears of it.
"""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType

from pydantic import ValidationError

from evals.running.disk import force_to_disk
from evals.running.runs import RunInvalid, Sample

Key = tuple[str, int]
"""Case id and epoch."""


class Journal:
    """The finished samples of one run, by case and epoch. Use it as a context manager, in one process at a time."""

    def __init__(self, path: Path) -> None:
        """Open, or make, the journal. What a kill left of a last line is cut off. Raises RunInvalid when damaged."""
        self._path = path
        self.samples: dict[Key, Sample] = {}
        whole = self._read()
        self._descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        os.ftruncate(self._descriptor, whole)
        force_to_disk(path.parent)

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._descriptor)

    def append(self, sample: Sample) -> None:
        """Keep a sample; durable when this returns. A second one for the same case and epoch is a bug: ValueError."""
        key = (sample.case_id, sample.epoch)
        if key in self.samples:
            raise ValueError(f"sample {key} was run twice")
        rest = sample.model_dump_json().encode() + b"\n"
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]
        os.fdatasync(self._descriptor)
        self.samples[key] = sample

    def _read(self) -> int:
        """Take in the whole lines; returns where they end."""
        try:
            raw = self._path.read_bytes()
        except FileNotFoundError:
            return 0
        whole = raw.rfind(b"\n") + 1
        for number, line in enumerate(raw[:whole].splitlines(), start=1):
            try:
                sample = Sample.model_validate_json(line)
            except ValidationError as error:
                raise RunInvalid(f"{self._path}, line {number}: not a sample. The run cannot be resumed.") from error
            self.samples[sample.case_id, sample.epoch] = sample
        return whole
