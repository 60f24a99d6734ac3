"""Building the index: whole or not at all, one builder, one opener, damage told with its remedy and mended."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from agent.domain.reference import Profile
from agent.domain.taxonomy import PrecedentOutcome
from agent.errors import IndexUnavailable, ReferenceInvalid
from retrieval.build import BuildReport, build_references
from retrieval.chroma import writing
from retrieval.chroma.client import open_folder
from retrieval.embedding.embedder import Vectors
from retrieval.index import open_index
from retrieval.parts import NO_INDEX
from tests.contract.retrieval_examples import (
    PROFILES,
    MemoryStore,
    current_folder,
    embedder,
    many_profiles,
    precedent,
    query,
)

CASES = [precedent(number, outcome) for number, outcome in enumerate(PrecedentOutcome, start=1)]
COUNTS = {"precedents_material": 1, "precedents_not_material": 1, "precedents_not_the_subject": 1}

OPENER = """
import sys
from pathlib import Path
from agent.errors import IndexUnavailable
from retrieval.index import open_index
from tests.contract.retrieval_examples import PROFILES, MemoryStore, embedder
with open_index(Path(sys.argv[1]), embedder=embedder(), records=MemoryStore(PROFILES)) as index:
    try:
        index.search_profiles("fisherman", 5)
    except IndexUnavailable as error:
        print("refused:", error, flush=True)
    else:
        print("open", flush=True)
        sys.stdin.readline()
"""

BUILDER = """
import sys
from pathlib import Path
from retrieval.build import build_references
from retrieval.chroma import writing
from tests.contract.retrieval_examples import PROFILES, MemoryStore, embedder, many_profiles, precedent
writing._CHUNK = 2
def stop(what, done, total):
    if what == sys.argv[2] and done >= int(sys.argv[3]):
        print(what, done, flush=True)
        sys.stdin.readline()
store = MemoryStore([*many_profiles(6), *PROFILES], [precedent(7)])
build_references(Path(sys.argv[1]), store, embedder(), force=True, on_progress=stop)
"""


def start(script: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def end(process: subprocess.Popen[str]) -> None:
    process.communicate("\n", timeout=60)


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=60)
    process.communicate()


def build(root: Path, store: MemoryStore, **options: Any) -> BuildReport:
    return build_references(root, store, options.pop("embedder", embedder()), **options)


def how(report: BuildReport) -> dict[str, str]:
    return {part.name: part.how for part in report.parts}


def found(root: Path, store: MemoryStore) -> list[str]:
    with open_index(root, embedder=embedder(), records=store) as index:
        people = index.find_profiles(["Karim Odelson", "Northwater Shipping"], 9)
        described = index.search_profiles("fisherman and boat owner", 9)
        return sorted(
            [match.profile.profile_id for match in people]
            + [f"d:{match.profile.profile_id}" for match in described]
            + [match.precedent.precedent_id for match in index.find_precedents(query(), 9)]
        )


def builds(root: Path) -> list[str]:
    return sorted(folder.name for folder in (root / "builds").iterdir())


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore(PROFILES, CASES)


@pytest.fixture
def root(tmp_path: Path, store: MemoryStore) -> Path:
    """An index of all example profiles and one case an outcome."""
    build(tmp_path, store)
    return tmp_path


class _Counting:
    """The shipped embedder, counting what it is asked."""

    model_id, dimension = embedder().model_id, embedder().dimension

    def __init__(self, fingerprint: str = embedder().fingerprint) -> None:
        self.fingerprint = fingerprint
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        return embedder().embed(texts)


class TestReport:
    def test_the_report_the_progress_and_the_manifest_tell_what_was_built(
        self, tmp_path: Path, store: MemoryStore
    ) -> None:
        told: list[tuple[str, int, int | None]] = []
        report = build(tmp_path, store, on_progress=lambda *step: told.append(step))
        assert how(report) == dict.fromkeys(("names", "profiles", "precedents", "lexical"), "rebuilt")
        assert [part.counts for part in report.parts] == [
            {"profiles": 4, "names": 6}, {"profiles": 4}, COUNTS, {"precedents": 3},
        ]  # fmt: skip
        assert {part.generation for part in report.parts} == {1}
        assert (report.embedded, report.notes) == (7, ())
        assert report.texts_per_second is not None
        assert told[-3:] == [("profiles", 4, 4), ("precedents", 3, 3), ("words", 3, 3)]
        manifest = json.loads((current_folder(tmp_path / "profiles") / "manifest.json").read_text())
        assert (manifest["embedder"], manifest["fingerprint"]) == (embedder().model_id, embedder().fingerprint)
        assert (manifest["dimension"], manifest["generation"], manifest["counts"]) == (384, 1, {"profiles": 4})

    def test_the_collections_have_the_graph_that_finds_everything(self, root: Path) -> None:
        chroma = open_folder(current_folder(root / "profiles") / "chroma")
        try:
            hnsw = chroma.client.get_collection("profiles", embedding_function=None).configuration["hnsw"]
        finally:
            chroma.close()
        assert {key: hnsw[key] for key in ("space", "ef_search", "ef_construction", "max_neighbors")} == {
            "space": "cosine", "ef_search": 200, "ef_construction": 200, "max_neighbors": 24,
        }  # fmt: skip

    def test_no_record_and_no_name_lies_in_chroma(self, root: Path) -> None:
        written = (current_folder(root / "profiles") / "chroma" / "chroma.sqlite3").read_bytes()
        written += (current_folder(root / "precedents") / "chroma" / "chroma.sqlite3").read_bytes()
        assert b"Fisherman" in written
        for secret in (b"Odelson", b"Ana Analyst", b"Decided on the charge sheet"):
            assert secret not in written


class TestIncremental:
    def test_a_second_build_changes_nothing(self, root: Path, store: MemoryStore) -> None:
        before = {part: builds(root / part) for part in ("names", "profiles", "precedents", "lexical")}
        report = build(root, store)
        assert (set(how(report).values()), report.embedded, report.texts_per_second) == ({"unchanged"}, 0, None)
        assert {part: builds(root / part) for part in before} == before

    def test_additions_and_a_few_changes_go_into_a_copy_and_only_new_texts_are_embedded(self, tmp_path: Path) -> None:
        store = MemoryStore(many_profiles(20), CASES)
        build(tmp_path, store)
        counting = _Counting()
        store.save(
            *many_profiles(23)[20:],
            many_profiles(1)[0].model_copy(update={"positions": ("Lighthouse keeper",)}),
            many_profiles(2)[1].model_copy(update={"aliases": ("Another Name",)}),  # its text stays
        )
        store.remove_profiles("M-5")
        report = build(tmp_path, store, embedder=counting)
        assert how(report) == {
            "names": "updated", "profiles": "updated", "precedents": "unchanged", "lexical": "unchanged",
        }  # fmt: skip
        assert report.parts[1].counts == {"profiles": 22}
        assert len(counting.asked) == report.embedded == 4
        manifest = json.loads((current_folder(tmp_path / "profiles") / "manifest.json").read_text())
        assert (manifest["replaced"], manifest["generation"]) == (2, 3)
        with open_index(tmp_path, embedder=embedder(), records=store) as index:
            assert index.search_profiles("keeper of a lighthouse", 1)[0].profile.profile_id == "M-0"
            assert index.notes == ()

    def test_too_many_deletions_make_a_new_graph(self, tmp_path: Path) -> None:
        store = MemoryStore(many_profiles(20))
        build(tmp_path, store)
        for round_, expected in enumerate(("updated", "rebuilt", "updated"), start=1):
            store.remove_profiles(*(f"M-{round_ * 2 + step}" for step in (0, 1)))
            report = build(tmp_path, store)
            assert how(report)["profiles"] == expected
            assert report.parts[1].counts == {"profiles": 20 - 2 * round_}

    def test_a_precedent_that_was_decided_anew_changes_its_collection(self, tmp_path: Path) -> None:
        cases = [precedent(number) for number in range(1, 11)]
        store = MemoryStore((), cases)
        build(tmp_path, store)
        store.save(cases[0].model_copy(update={"outcome": PrecedentOutcome.NOT_MATERIAL}))
        report = build(tmp_path, store)
        assert (how(report)["precedents"], how(report)["lexical"]) == ("updated", "rebuilt")
        assert report.parts[2].counts == {
            "precedents_material": 9, "precedents_not_material": 1, "precedents_not_the_subject": 0,
        }  # fmt: skip

    def test_force_builds_everything_from_nothing_and_embeds_nothing_again(
        self, root: Path, store: MemoryStore
    ) -> None:
        report = build(root, store, force=True)
        assert (set(how(report).values()), report.embedded) == ({"rebuilt"}, 0)
        assert found(root, store)

    def test_a_store_that_counts_less_than_the_index_has_seen_is_built_anew(self, root: Path) -> None:
        """A database restored from a backup: what the index has beyond it must go."""
        ahead = MemoryStore(PROFILES, CASES)
        for _ in range(3):
            ahead.save(Profile(profile_id="P-9", name="Karim Odelson"), precedent(9))
        build(root, ahead)
        restored = MemoryStore(PROFILES[:2], CASES[:1])
        report = build(root, restored)
        assert set(how(report).values()) == {"rebuilt"}
        assert found(root, ahead) == ["D-1", "P-2", "d:P-2"]

    def test_parts_may_be_built_in_any_order_and_at_any_time(self, tmp_path: Path, store: MemoryStore) -> None:
        build(tmp_path, MemoryStore((), CASES))
        build(tmp_path, store, names_only=True)
        assert how(build(tmp_path, store)) == {
            "names": "unchanged", "profiles": "updated", "precedents": "unchanged", "lexical": "unchanged",
        }  # fmt: skip
        build(tmp_path / "other", store)
        assert found(tmp_path, store) == found(tmp_path / "other", store)

    def test_vectors_of_another_embedder_are_never_taken_over(self, root: Path, store: MemoryStore) -> None:
        other = _Counting("sha256:" + "0" * 64)
        report = build(root, store, embedder=other)
        assert (len(other.asked), how(report)["profiles"]) == (7, "rebuilt")

    def test_many_equal_texts_cost_one_embedding(self, tmp_path: Path) -> None:
        counting = _Counting()
        profiles = [Profile(profile_id=f"S-{n}", name=f"Senator Numb{n}a", topics=("role.pep",)) for n in range(600)]
        report = build(tmp_path, MemoryStore(profiles), embedder=counting)
        assert (report.embedded, len(counting.asked), report.parts[1].counts) == (1, 1, {"profiles": 600})

    def test_a_chunk_boundary_loses_nobody(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(writing, "_CHUNK", 3)
        cases = [precedent(number, list(PrecedentOutcome)[number % 3]) for number in range(1, 9)]
        report = build(tmp_path, MemoryStore(PROFILES, cases))
        assert (report.parts[1].counts, sum(report.parts[2].counts.values())) == ({"profiles": 4}, 8)


class TestRefusals:
    def test_a_precedent_that_one_person_decided_alone_never_enters(self, root: Path, store: MemoryStore) -> None:
        before = found(root, store)
        store.save(precedent(4, approved_by="ana  analyst"))
        with pytest.raises(ReferenceInvalid, match="'D-4' was decided and approved by the same person"):
            build(root, store)
        assert found(root, store) == before
        assert len(builds(root / "precedents")) == 1

    def test_a_failing_source_leaves_the_index_in_use_and_no_rest(self, root: Path, store: MemoryStore) -> None:
        before = found(root, store)
        names = builds(root / "profiles")
        store.save(PROFILES[0])

        class Breaking(MemoryStore):
            def __init__(self) -> None:
                self.profiles, self.precedents = store.profiles, store.precedents
                self.asked = 0

            def profile_changes(self, after: int) -> Any:
                self.asked += 1
                yield from super().profile_changes(after)
                if self.asked > 1:  # the names are through
                    raise RuntimeError("source broke")

        with pytest.raises(RuntimeError, match="source broke"):
            build(root, Breaking())
        assert (found(root, store), builds(root / "profiles")) == (before, names)


class TestProcesses:
    def test_a_second_process_is_refused_at_once_with_the_pid_of_the_first(
        self, root: Path, store: MemoryStore
    ) -> None:
        first = start(OPENER, root)
        try:
            assert first_line(first) == "open"
            second = start(OPENER, root)
            refusal = first_line(second)
            end(second)
            assert refusal == (
                f"refused: The reference index in {root / 'profiles'} is already open (pid {first.pid}). Wait for it "
                "to finish, or set TRIAGE_CHROMA=shared to let several processes use it."
            )
            assert set(how(build(root, store)).values()) == {"unchanged"}  # a reader keeps no builder out
            store.save(PROFILES[0])
            assert how(build(root, store))["profiles"] == "updated"
        finally:
            end(first)
        assert found(root, store)

    def test_a_killed_opener_leaves_no_lock(self, root: Path, store: MemoryStore) -> None:
        first = start(OPENER, root)
        assert first_line(first) == "open"
        kill(first)
        assert found(root, store)

    @pytest.mark.parametrize(("what", "done"), [("names", 0), ("profiles", 2), ("profiles", 6), ("precedents", 1)])
    def test_a_build_killed_in_the_middle_leaves_the_old_index_and_the_next_one_resumes(
        self, root: Path, store: MemoryStore, what: str, done: int
    ) -> None:
        before = found(root, store)
        parts = {part: (root / part / "current").read_text() for part in ("profiles", "precedents", "lexical")}
        builder = start(BUILDER, root, what, done)
        assert first_line(builder).startswith(what)
        with pytest.raises(IndexUnavailable, match=rf"already being built \(pid {builder.pid}\)"):
            build(root, store)
        assert found(root, store) == before if what != "precedents" else True  # readers go on while a build runs
        kill(builder)
        left = {part: (root / part / "current").read_text() for part in parts}
        assert {part for part in parts if left[part] != parts[part]} == (
            {"profiles"} if what == "precedents" else set()
        )

        newer = MemoryStore([*many_profiles(6), *PROFILES], [precedent(7)])
        counting = _Counting()
        report = build(root, newer, embedder=counting, force=True)
        assert report.parts[1].counts == {"profiles": 10}
        fresh = {"names": 7, "profiles": 7 - done, "precedents": 0}[what]
        assert len(counting.asked) == fresh
        assert found(root, newer) != before
        assert {"D-7", "P-2", "d:P-2", "d:M-0"} <= set(found(root, newer))
        assert all(len(builds(root / part)) == 1 for part in ("profiles", "precedents", "lexical"))

    def test_a_first_build_killed_in_the_middle_finds_nothing_and_tells_how_far_it_came(self, tmp_path: Path) -> None:
        builder = start(BUILDER, tmp_path, "profiles", 4)
        assert first_line(builder) == "profiles 4"
        kill(builder)
        store = MemoryStore([*many_profiles(6), *PROFILES], [precedent(7)])
        with open_index(tmp_path, embedder=embedder(), records=store) as index:
            assert index.search_profiles("keeper", 5) == []
            assert index.notes[0].startswith("Profiles are not searchable by description yet (4 of 10 embedded): run")
        build(tmp_path, store, force=True)
        with open_index(tmp_path, embedder=embedder(), records=store) as index:
            assert index.notes == ()

    def test_a_reader_keeps_its_build_until_it_searches_again(self, root: Path, store: MemoryStore) -> None:
        with open_index(root, embedder=embedder(), records=store) as old:
            assert old.search_profiles("fisherman", 5)
            build(root, store, force=True)
            assert len(builds(root / "profiles")) == 2
            assert old.search_profiles("fisherman", 5)
        build(root, store, force=True)
        assert len(builds(root / "profiles")) == 1


class TestDamage:
    def test_every_file_of_a_shelf_that_a_search_depends_on(self, tmp_path: Path) -> None:
        """Filled with noise, cut or gone: always a refusal, never other answers; a build mends it."""
        profiles = [Profile(profile_id=f"S-{n}", name=f"Senator Numb{n}a", topics=("role.pep",)) for n in range(1_100)]
        store = MemoryStore(profiles)
        build(tmp_path, store)
        folder = current_folder(tmp_path / "profiles")
        files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock"]
        assert {"manifest.json", "chroma.sqlite3", "data_level0.bin", "index_metadata.pickle"} <= {
            path.name for path in files
        }
        for path in files:
            whole = path.read_bytes()
            for damage in (random.Random(1).randbytes(len(whole)), whole[: len(whole) // 2], None):
                if damage == whole:
                    continue
                path.unlink() if damage is None else path.write_bytes(damage)
                with (
                    open_index(tmp_path, embedder=embedder(), records=store) as index,
                    pytest.raises(IndexUnavailable, match=r"damaged.*Run `triage index build`"),
                ):
                    index.search_profiles("politician", 5)
                path.write_bytes(whole)
        with open_index(tmp_path, embedder=embedder(), records=store) as index:
            assert index.search_profiles("politician", 5)
        (folder / "manifest.json").write_text("{}")
        assert how(build(tmp_path, store))["profiles"] == "rebuilt"
        with open_index(tmp_path, embedder=embedder(), records=store) as index:
            assert index.search_profiles("politician", 5)

    @pytest.mark.parametrize("part", ["profiles", "precedents", "lexical", "names"])
    @pytest.mark.parametrize("pointer", [b"", b"../..", b"20261122T165417450500-1", b"\xff\xfe", b"builds"])
    def test_a_damaged_pointer_is_told_and_mended_by_a_build(
        self, root: Path, store: MemoryStore, part: str, pointer: bytes
    ) -> None:
        (root / part / "current").write_bytes(pointer)
        with pytest.raises(IndexUnavailable, match="Run `triage index build`"):
            found(root, store)
        with open_index(root, embedder=embedder(), records=store) as index:
            assert any(str(root / part) in note and "Run `triage index build`" in note for note in index.notes)
        build(root, store)
        assert found(root, store)

    def test_a_lost_entry_is_told_and_mended_by_a_build(self, root: Path, store: MemoryStore) -> None:
        chroma = open_folder(current_folder(root / "profiles") / "chroma")
        chroma.client.get_collection("profiles", embedding_function=None).delete(ids=["P-2"])
        chroma.close()
        with pytest.raises(IndexUnavailable, match=r"profiles in .* has 3 entries, not 4\. Run `triage index build`"):
            found(root, store)
        assert how(build(root, store))["profiles"] == "rebuilt"
        assert "d:P-2" in found(root, store)

    def test_a_lost_collection_is_told_and_mended_by_a_build(self, root: Path, store: MemoryStore) -> None:
        chroma = open_folder(current_folder(root / "profiles") / "chroma")
        chroma.client.delete_collection("profiles")
        chroma.close()
        with pytest.raises(IndexUnavailable, match=r"lacks a collection .*Run `triage index build`"):
            found(root, store)
        assert how(build(root, store))["profiles"] == "rebuilt"

    def test_a_part_that_is_damaged_takes_no_other_with_it(self, root: Path, store: MemoryStore) -> None:
        (current_folder(root / "profiles") / "manifest.json").write_text("{}")
        with open_index(root, embedder=embedder(), records=store) as index:
            assert index.find_profiles(["Karim Odelson"], 5)
            assert index.find_precedents(query(), 5)
            assert len(index.notes) == 1

    def test_a_file_in_place_of_the_folder_is_told(self, tmp_path: Path, store: MemoryStore) -> None:
        (tmp_path / "index").write_text("x")
        with (
            open_index(tmp_path / "index", embedder=embedder(), records=store) as index,
            pytest.raises(IndexUnavailable, match="cannot be read"),
        ):
            index.search_profiles("x", 1)

    def test_no_index_is_no_damage(self, tmp_path: Path, store: MemoryStore) -> None:
        with open_index(tmp_path, embedder=embedder(), records=store) as index:
            assert index.notes == (NO_INDEX,)


class TestPrivacy:
    def test_chroma_is_deaf_to_a_stray_environment_file_and_silent(
        self, root: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder = tmp_path_factory.mktemp("cwd")
        (folder / ".env").write_text("ANONYMIZED_TELEMETRY=true\nCHROMA_OTEL_COLLECTION_ENDPOINT=http://192.0.2.1:1\n")
        monkeypatch.chdir(folder)
        monkeypatch.setenv("CHROMA_OTEL_COLLECTION_ENDPOINT", "http://192.0.2.1:4317")
        chroma = open_folder(current_folder(root / "profiles") / "chroma")
        try:
            settings = chroma.client.get_settings()
            assert settings.anonymized_telemetry is False
            assert settings.chroma_otel_collection_endpoint == ""
        finally:
            chroma.close()

    def test_the_index_is_private_to_its_owner(self, root: Path) -> None:
        for part in ("profiles", "precedents", "lexical"):
            assert os.stat(current_folder(root / part)).st_mode & 0o077 == 0
