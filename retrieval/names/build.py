"""Building the name index from the store's profiles, or bringing the current build up to date.

A build is never changed: an update links the current build's segments, which tantivy never writes again, into a new
folder, changes what it has to there, and turns the pointer at the end. A build killed at any moment leaves the old one
in use; its folder goes with the next sweep.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import tantivy

from agent.domain.reference import Profile, ReferenceChange
from agent.errors import IndexUnavailable
from retrieval.layout import (
    REBUILD,
    FolderLock,
    current_build,
    new_build,
    point_to,
    read_manifest,
    sweep_builds,
    write_manifest,
)
from retrieval.names.analysis import ANALYSIS_VERSION
from retrieval.names.dictionary import DictionaryDraft
from retrieval.names.fields import ALIAS, MAIN, describe_names, open_terms
from retrieval.names.index import TERMS_FOLDER
from retrieval.names.manifest import (
    SCHEMA_VERSION,
    NamesManifest,
    check_files,
    checksum_files,
    differing_version,
    library_versions,
)

Progress = Callable[[str, int, int | None], None]

_HEAP_BYTES: Final = 64_000_000
"""What tantivy gathers in memory before it writes a segment; one thread, so that equal input gives an equal index."""
_PROGRESS_STEP: Final = 1_000
_WRITTEN_AGAIN: Final = ("meta.json", ".managed.json")
"""Files that tantivy replaces; all others are written once and may be linked."""
_MOST_REMOVED: Final = 0.3
"""Share of deleted documents from which on everything is built anew."""


@dataclass(frozen=True, slots=True)
class NamesReport:
    """What an update did: profiles and names in the index, profiles written or removed by it."""

    generation: int
    profiles: int
    names: int
    changed: int
    full: bool


def names_generation(root: Path) -> int:
    """The generation that the current build reflects: an update needs the changes after it.

    0 when there is none that an update can go on from (never built, damaged, other versions, a third of it deleted).
    """
    usable = _find_base(root)
    return usable[1].generation if usable else 0


def update_names(
    root: Path,
    changes: Iterable[ReferenceChange[Profile]],
    generation: int,
    *,
    after: int | None = None,
    full: bool = False,
    on_progress: Progress | None = None,
) -> NamesReport:
    """Bring the name index at ``root`` to the store's ``generation``.

    ``changes`` are those after ``names_generation(root)``, or all profiles if that is 0 or ``full``; ``after`` says
    which, so that a build damaged in between is noticed. They are read one by one. Raises IndexUnavailable when another
    process builds, or when the changes do not connect to the current build.
    """
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = FolderLock.acquire(root / "build.lock", f"The name index at {root} is being built by another process")
    try:
        base = None if full else _find_base(root)
        if after and (base is None or base[1].generation < after):
            raise IndexUnavailable(f"The name index at {root} changed while its changes were read. {REBUILD}")
        if base is not None and base[1].generation > generation:
            return _describe(base[1], 0, full=False)  # another process has been further already
        report = _write_build(root, base, changes, generation, on_progress)
        sweep_builds(root)
        return report
    finally:
        lock.release()


def _write_build(
    root: Path,
    base: tuple[Path, NamesManifest] | None,
    changes: Iterable[ReferenceChange[Profile]],
    generation: int,
    on_progress: Progress | None,
) -> NamesReport:
    folder = new_build(root)
    terms = folder / TERMS_FOLDER
    terms.mkdir()
    if base is not None:
        _link_files(base[0] / TERMS_FOLDER, terms)
    index = open_terms(terms)
    draft = DictionaryDraft()
    changed = _write_changes(index, draft, changes, base is not None, on_progress)
    if not changed and base is not None and base[1].generation == generation:
        shutil.rmtree(folder)
        return _describe(base[1], 0, full=False)
    draft.write(folder, base[0] if base else None)
    manifest = _describe_build(folder, index, generation)
    write_manifest(folder, manifest)
    point_to(root, folder)
    return _describe(manifest, changed, full=base is None)


def _write_changes(
    index: tantivy.Index,
    draft: DictionaryDraft,
    changes: Iterable[ReferenceChange[Profile]],
    onto_base: bool,
    on_progress: Progress | None,
) -> int:
    writer = index.writer(heap_size=_HEAP_BYTES, num_threads=1)
    changed = 0
    for changed, change in enumerate(changes, start=1):
        came_before = draft.add(change.id, change.entry)
        if onto_base or came_before:  # each deletion is held in memory until the end
            writer.delete_documents_by_term("profile", change.id)
        if change.entry is not None:
            for document in describe_names(change.entry):
                writer.add_document(document)
        if on_progress and changed % _PROGRESS_STEP == 0:
            on_progress("names", changed, None)
    writer.commit()
    writer.garbage_collect_files()
    writer.wait_merging_threads()
    if on_progress:
        on_progress("names", changed, changed)
    return changed


def _describe_build(folder: Path, index: tantivy.Index, generation: int) -> NamesManifest:
    index.reload()
    searcher = index.searcher()
    profiles = tantivy.Query.term_query(index.schema, "main", MAIN, "basic")
    return NamesManifest(
        schema_version=SCHEMA_VERSION,
        analysis_version=ANALYSIS_VERSION,
        libraries=library_versions(),
        generation=generation,
        profiles=searcher.search(profiles, limit=1).count,  # type: ignore[attr-defined]  # missing in the stubs
        names=searcher.num_docs,
        stored=searcher.doc_freq("main", MAIN) + searcher.doc_freq("main", ALIAS),
        files=checksum_files(folder),
        built_at=datetime.now(UTC),
    )


def _find_base(root: Path) -> tuple[Path, NamesManifest] | None:
    """The current build if an update can go on from it."""
    try:
        folder = current_build(root)
        if folder is None:
            return None
        manifest = read_manifest(folder, NamesManifest)
        check_files(folder, manifest)
    except IndexUnavailable:
        return None
    if differing_version(manifest) or manifest.stored - manifest.names > _MOST_REMOVED * manifest.stored:
        return None
    return folder, manifest


def _link_files(source: Path, target: Path) -> None:
    for path in source.iterdir():
        if path.name in _WRITTEN_AGAIN:
            shutil.copyfile(path, target / path.name)
        elif path.suffix != ".lock":
            os.link(path, target / path.name)


def _describe(manifest: NamesManifest, changed: int, *, full: bool) -> NamesReport:
    return NamesReport(manifest.generation, manifest.profiles, manifest.names, changed, full)
