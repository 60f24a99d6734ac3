"""What the commands on reference texts share: files into the store, and from the store into the reference index."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Generic

import typer

from agent.cli.exits import STOPPED, complain
from agent.domain.reference import EntryT
from agent.errors import ReferenceInvalid

if TYPE_CHECKING:
    from agent.cli.progress import Meter
    from agent.store.references import SavedReferences
    from agent.wiring import Services
    from retrieval.build import BuildReport, PartReport
    from retrieval.ingest.rows import RowProblem

    Read = Callable[[Path, Callable[[int], None]], Iterator[EntryT | RowProblem]]

# Imports inside functions keep `triage --help` under 0.3 s.

_MANY: Final = 1_000
"""From so many profiles left to embed on, the person is told that they need not wait for it."""
_PARTS: Final = {
    "names": "Searchable by name",
    "profiles": "Profiles by description",
    "precedents": "Precedents by meaning",
    "lexical": "Precedents by words",
}
"""Part of the index → how the report calls it."""
_STEPS: Final = {
    "names": ("Names", "profiles"),
    "profiles": ("Embedding profiles", "profiles"),
    "precedents": ("Embedding precedents", "precedents"),
    "words": ("Words of precedents", "precedents"),
}
"""What a build says it is at → what the person sees, and what is counted."""


def load_references(
    services: Services, profiles: Sequence[Path], precedents: Sequence[Path], *, replace: bool = False
) -> int:
    """Load files into the store and bring the index up to date; returns how many rows were refused."""
    refused = load_profiles(services, profiles, replace=replace) if profiles else 0
    refused += load_precedents(services, precedents, replace=replace) if precedents else 0
    update_references(services)
    return refused


def load_profiles(services: Services, files: Sequence[Path], *, replace: bool = False) -> int:
    """Load profiles into the store; returns how many rows were refused, each named on standard error.

    With ``replace`` the store holds exactly these files' profiles afterwards, unless a row was refused. Raises
    ReferenceInvalid when a file cannot be read.
    """
    from retrieval.ingest.files import read_profiles

    return _load(_Reading(files, read_profiles), "Profiles", services.store.save_profiles, replace=replace)


def load_precedents(services: Services, files: Sequence[Path], *, replace: bool = False) -> int:
    """Load imported precedents into the store, as ``load_profiles`` does profiles; those decided here stay."""
    from agent.triage.past_decision import DECIDED_HERE
    from retrieval.ingest.files import read_precedents

    reading = _Reading(files, partial(read_precedents, reserved=DECIDED_HERE))
    return _load(reading, "Precedents", services.store.save_precedents, replace=replace)


def update_references(services: Services, *, force: bool = False, names_only: bool = False) -> None:
    """Bring precedents to what the decisions say, and the index to what the store holds: names first.

    ``names_only`` leaves the embedding for later; ``force`` makes everything anew. Raises RetrievalError, StoreError.
    """
    from agent.triage.past_decision import refresh_precedents

    made = refresh_precedents(services.store)
    if made.inserted or made.updated or made.deleted:
        complain(f"Precedents from decisions: {made.inserted + made.updated} new, {made.deleted} withdrawn.")
    # Two steps, so that names can be said to be ready before the first text is embedded.
    if names_only or not force:
        names = _build(services, force=force, names_only=True)
        _tell_part(names.parts[0])
        if names_only:
            return
    report = _build(services, force=force, names_only=False)
    changed = [part for part in report.parts if part.how != "unchanged" and any(part.counts.values())]
    for part in changed:
        _tell_part(part)
    for note in report.notes:
        complain(note)
    if report.texts_per_second is not None:
        complain(f"{report.embedded:,} texts embedded, {report.texts_per_second:,.0f} a second.")
    if not changed:
        complain("The reference index is up to date.")


@contextmanager
def stopped_in_words(message: str) -> Iterator[None]:
    """Turn Ctrl-C into a sentence about what is kept, and the exit code that shells know."""
    try:
        yield
    except KeyboardInterrupt:
        complain(f"Stopped. {message}")
        raise typer.Exit(STOPPED) from None


def _build(services: Services, *, force: bool, names_only: bool) -> BuildReport:
    from agent.cli.progress import Meters
    from retrieval.build import build_references

    root, announced = services.settings.index_root, False

    def show(what: str, done: int, total: int | None) -> None:
        nonlocal announced
        if not announced and what == "profiles" and (total or 0) - done > _MANY:
            announced = True
            complain("Embedding goes on; names are already searchable; Ctrl-C is safe, `triage index build` resumes.")
        meters.show(what, done, total)

    with Meters(_STEPS) as meters, stopped_in_words("What was done is kept: `triage index build` goes on from there."):
        return build_references(
            root,
            services.store,
            services.embedder,
            chroma=services.chroma_place,
            force=force,
            names_only=names_only,
            on_progress=show,
        )


def _tell_part(part: PartReport) -> None:
    held = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in part.counts.items() if count) or "none"
    how = "already up to date" if part.how == "unchanged" else f"{part.how} in {part.seconds:.1f} s"
    complain(f"{_PARTS[part.name]}: {held} ({how}).")


def _load(reading: _Reading[EntryT], title: str, save: Callable[..., SavedReferences], *, replace: bool) -> int:
    from agent.cli.progress import Meter

    started = time.monotonic()
    with Meter(title, "rows") as meter, stopped_in_words("What was committed is kept: load the files again."):
        saved = save(reading.rows(meter), replace=reading.is_whole if replace else False)
    seconds = time.monotonic() - started
    for line in reading.describe_outside():
        complain(line)
    if replace and not reading.is_whole():
        complain(
            f"triage: nothing was removed, since {reading.refused} rows were refused and each may be an entry that is "
            "there: correct them and load again."
        )
    rate = saved.kept / max(seconds, 0.001)
    complain(
        f"{title}: {saved.inserted:,} new, {saved.updated:,} changed, {saved.unchanged:,} unchanged, "
        f"{saved.deleted:,} removed, {reading.refused:,} refused ({seconds:.1f} s, {rate:,.0f} rows a second)."
    )
    return reading.refused


class _Reading(Generic[EntryT]):
    """The rows of several files: those that can be loaded, while all others are named and counted."""

    def __init__(self, files: Sequence[Path], read: Read[EntryT]) -> None:
        """Raises ReferenceInvalid when one of the files is not there, before any is read."""
        self.refused = 0
        self._files = files
        self._read: Read[EntryT] = read
        self._sizes = [_size(path) for path in files]
        self._given = 0
        self._outside: Counter[tuple[Path, str]] = Counter()

    def is_whole(self) -> bool:
        """Whether every row of the files was read and loaded, so that what they lack may be removed."""
        return not self.refused

    def rows(self, meter: Meter) -> Iterator[EntryT]:
        """The rows that can be loaded; what is wrong with others goes to standard error. Raises ReferenceInvalid."""
        from retrieval.ingest.rows import RowProblem

        before, total = 0, sum(self._sizes)
        for path, size in zip(self._files, self._sizes, strict=True):
            for row in self._read(path, partial(self._show, meter, before, total)):
                if not isinstance(row, RowProblem):
                    self._given += 1
                    yield row
                elif row.outside:
                    self._outside[path, row.message] += 1
                else:
                    self.refused += not row.kept
                    complain(f"triage: {row}")
            before += size
        if not self._given:
            raise ReferenceInvalid(
                f"{', '.join(map(str, self._files))}: no row could be loaded. The store is as it was."
            )

    def _show(self, meter: Meter, before: int, total: int, done: int) -> None:
        meter.show(self._given, before + done, total)

    def describe_outside(self) -> Iterator[str]:
        """One line for each sort of rows that are sound but have no place here."""
        for (path, message), count in self._outside.items():
            yield f"{path}: {count:,} {'row' if count == 1 else 'rows'}: {message}"


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise ReferenceInvalid(
            f"{path} cannot be read: {error.strerror}. Check the name and its permissions."
        ) from error
