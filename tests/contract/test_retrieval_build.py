"""Building the index: whole or not at all, one builder, one opener, damage told with its remedy."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from agent.domain.reference import Profile
from agent.domain.taxonomy import PrecedentOutcome
from agent.errors import IndexUnavailable, ReferenceInvalid
from retrieval import ingest
from retrieval.chroma import open_index
from retrieval.collections import ChromaFolder
from retrieval.embedder import Vectors
from retrieval.ingest import build_index
from tests.contract.retrieval_examples import PROFILES, current_folder, embedder, precedent, query

CASES = [precedent(number, outcome) for number, outcome in enumerate(PrecedentOutcome, start=1)]

OPENER = """
import sys, time
from pathlib import Path
from agent.errors import IndexUnavailable
from retrieval.chroma import open_index
from retrieval.collections import ChromaFolder
from retrieval.embedder import MiniLmEmbedder
try:
    index = open_index(Path(sys.argv[1]), MiniLmEmbedder())
except IndexUnavailable as error:
    print("refused:", error, flush=True)
else:
    print("open", flush=True)
    sys.stdin.readline()
    index.close()
"""

BUILDER = """
import sys, time
from pathlib import Path
from retrieval.ingest import build_index
from tests.contract.retrieval_examples import PROFILES, embedder
def stop(kind, done):
    print(kind, done, flush=True)
    sys.stdin.readline()
build_index(Path(sys.argv[1]), PROFILES[:1], [], embedder(), 9, stop)
"""


def start(script: str, root: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, str(root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def end(process: subprocess.Popen[str]) -> None:
    process.communicate("\n", timeout=60)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An index of all example profiles and one case an outcome."""
    build_index(tmp_path, PROFILES, CASES, embedder(), generation=1)
    return tmp_path


def found(root: Path) -> list[str]:
    with open_index(root, embedder()) as index:
        people = index.find_profiles(["Karim Odelson", "Northwater Shipping"], "", 9)
        return [match.profile.profile_id for match in people] + [
            match.precedent.precedent_id for match in index.find_precedents(query(), 9)
        ]


def builds(root: Path) -> list[str]:
    return sorted(folder.name for folder in (root / "builds").iterdir())


def test_the_report_and_the_manifest_tell_what_was_built(tmp_path: Path) -> None:
    told: list[tuple[str, int]] = []
    report = build_index(
        tmp_path, iter(PROFILES), iter(CASES), embedder(), 7, lambda kind, done: told.append((kind, done))
    )
    expected = {"profiles": 4, "precedents_material": 1, "precedents_not_material": 1, "precedents_not_the_subject": 1}
    assert (report.generation, report.counts, report.embedded) == (7, expected, 7)
    assert told == [("profiles", 4), ("precedents", 3)]
    assert report.folder == current_folder(tmp_path)
    manifest = json.loads((report.folder / "manifest.json").read_text())
    assert manifest["embedder"] == "all-MiniLM-L6-v2-onnx-int8"
    assert manifest["fingerprint"] == embedder().fingerprint
    assert (manifest["dimension"], manifest["schema_version"], manifest["generation"]) == (384, 1, 7)
    assert manifest["counts"] == expected


def test_a_second_process_is_refused_at_once_with_the_pid_of_the_first(root: Path) -> None:
    first = start(OPENER, root)
    try:
        assert first_line(first) == "open"
        second = start(OPENER, root)
        refusal = first_line(second)
        end(second)
        assert refusal.startswith(f"refused: The reference index at {root} is already open (pid {first.pid}).")
        with pytest.raises(IndexUnavailable, match=rf"pid {first.pid}\)"):
            open_index(root, embedder())
    finally:
        end(first)
    assert found(root)


def test_a_killed_opener_leaves_no_lock(root: Path) -> None:
    first = start(OPENER, root)
    assert first_line(first) == "open"
    first.send_signal(signal.SIGKILL)
    first.wait(timeout=60)
    first.communicate()
    assert found(root)


def test_a_build_killed_in_the_middle_leaves_the_old_index_and_the_next_build_sweeps(root: Path) -> None:
    before = found(root)
    builder = start(BUILDER, root)
    assert first_line(builder) == "profiles 1"
    assert len(builds(root)) == 2
    assert found(root) == before  # readers go on while a build runs
    with pytest.raises(IndexUnavailable, match=rf"already being built \(pid {builder.pid}\)"):
        build_index(root, PROFILES, [], embedder(), 2)
    builder.send_signal(signal.SIGKILL)
    builder.wait(timeout=60)
    builder.communicate()
    assert found(root) == before
    assert len(builds(root)) == 2
    build_index(root, PROFILES[:2], [], embedder(), 2)
    assert len(builds(root)) == 1
    assert found(root) == ["P-2"]


def test_a_first_build_killed_in_the_middle_counts_as_none(tmp_path: Path) -> None:
    builder = start(BUILDER, tmp_path)
    assert first_line(builder) == "profiles 1"
    builder.send_signal(signal.SIGKILL)
    builder.wait(timeout=60)
    builder.communicate()
    assert found(tmp_path) == []


def test_a_reader_keeps_its_build_until_it_closes(root: Path) -> None:
    with open_index(root, embedder()) as old:
        build_index(root, PROFILES[:2], [], embedder(), 2)
        assert len(builds(root)) == 2
        assert len(old.find_profiles(["Karim Odelson"], "", 9)) == 2
        with open_index(root, embedder()) as new:
            assert len(new.find_profiles(["Karim Odelson"], "", 9)) == 1
    build_index(root, PROFILES[:2], [], embedder(), 3)
    assert len(builds(root)) == 1


def test_a_failing_source_leaves_the_index_in_use_and_no_rest(root: Path) -> None:
    def breaking() -> Iterator[Profile]:
        yield PROFILES[0]
        raise RuntimeError("source broke")

    before, names = found(root), builds(root)
    with pytest.raises(RuntimeError, match="source broke"):
        build_index(root, breaking(), [], embedder(), 2)
    assert (found(root), builds(root)) == (before, names)


@pytest.mark.parametrize(
    ("profiles", "cases", "message"),
    [
        ([PROFILES[0], PROFILES[0]], [], "profile 'P-1' occurs twice"),
        ([], [CASES[0], CASES[0]], "precedent 'D-1' occurs twice"),
        ([], [precedent(1, approved_by="ana  analyst")], "'D-1' was decided and approved by the same person"),
    ],
)
def test_records_that_may_not_enter_stop_the_build(
    root: Path, profiles: list[Profile], cases: list[Any], message: str
) -> None:
    before = found(root)
    with pytest.raises(ReferenceInvalid, match=message):
        build_index(root, profiles, cases, embedder(), 2)
    assert found(root) == before


class _Counting:
    """The shipped embedder, counting what it is asked."""

    model_id, dimension = embedder().model_id, embedder().dimension

    def __init__(self, fingerprint: str) -> None:
        self.fingerprint = fingerprint
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        return embedder().embed(texts)


def test_only_new_texts_are_embedded_again(root: Path) -> None:
    counting = _Counting(embedder().fingerprint)
    changed = PROFILES[1].model_copy(update={"positions": ("Lighthouse keeper",)})
    report = build_index(root, [PROFILES[0], changed, PROFILES[2]], CASES, counting, 2)
    assert len(counting.asked) == report.embedded == 1
    assert "Lighthouse keeper" in counting.asked[0]
    with open_index(root, counting) as index:
        (best, *_) = index.search_profiles("lighthouse keeper", 1)
        assert best.profile == changed


def test_vectors_of_another_embedder_are_never_taken_over(root: Path) -> None:
    counting = _Counting("sha256:" + "0" * 64)
    assert build_index(root, PROFILES, CASES, counting, 2).embedded == 7


def test_damaged_vectors_are_made_again(root: Path) -> None:
    vectors = current_folder(root) / "vectors.npy"
    raw = bytearray(vectors.read_bytes())
    raw[-400:] = random.Random(1).randbytes(400)
    vectors.write_bytes(raw)
    assert build_index(root, PROFILES, CASES, embedder(), 2).embedded == 7


def test_many_equal_texts_cost_one_embedding(tmp_path: Path) -> None:
    counting = _Counting("sha256:" + "0" * 64)
    profiles = [Profile(profile_id=f"S-{n}", name=f"Senator Number{n}a", topics=("role.pep",)) for n in range(1_300)]
    assert build_index(tmp_path, profiles, [], counting, 1).embedded == len(counting.asked) == 1
    with open_index(tmp_path, counting) as index:
        assert [m.profile.profile_id for m in index.find_profiles(["Senator Number777a"], "", 3)] == ["S-777"]
    damage_each_file(tmp_path, counting)


def damage_each_file(root: Path, counting: _Counting) -> None:
    """Every file that a search depends on, filled with noise, cut or gone: always a refusal, never other answers."""
    folder = current_folder(root)
    files = [
        path for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock" and "vector" not in path.name
    ]
    assert {"manifest.json", "names.jsonl", "chroma.sqlite3", "data_level0.bin", "index_metadata.pickle"} <= {
        path.name for path in files
    }
    for path in files:
        whole = path.read_bytes()
        if path.suffix == ".bin" and not (path.parent / "index_metadata.pickle").exists():
            continue
        for damage in (random.Random(1).randbytes(len(whole)), whole[: len(whole) // 2], None):
            if damage == whole:
                continue
            path.unlink() if damage is None else path.write_bytes(damage)
            with pytest.raises(IndexUnavailable, match=r"damaged.*Run `triage index build`"):
                open_index(root, counting)
            path.write_bytes(whole)
    open_index(root, counting).close()


@pytest.mark.parametrize("pointer", [b"", b"../..", b"20261122T165417450500-1", b"\xff\xfe", b"builds"])
def test_a_damaged_pointer_is_told_and_mended_by_a_build(root: Path, pointer: bytes) -> None:
    (root / "current").write_bytes(pointer)
    with pytest.raises(IndexUnavailable, match="Run `triage index build`"):
        open_index(root, embedder())
    build_index(root, PROFILES, CASES, embedder(), 2)
    assert found(root)


def test_a_file_in_place_of_the_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "index").write_text("x")
    with pytest.raises(IndexUnavailable, match="cannot be read"):
        open_index(tmp_path / "index", embedder())


def test_chroma_is_deaf_to_a_stray_environment_file_and_silent(
    root: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("cwd")
    (folder / ".env").write_text("ANONYMIZED_TELEMETRY=true\nCHROMA_OTEL_COLLECTION_ENDPOINT=http://192.0.2.1:4317\n")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("CHROMA_OTEL_COLLECTION_ENDPOINT", "http://192.0.2.1:4317")
    with open_index(root, embedder()) as index:
        assert index._build is not None
        chroma = index._build._chroma._client.get_settings()
        assert chroma.anonymized_telemetry is False
        assert chroma.chroma_otel_collection_endpoint == ""


def test_the_index_is_private_to_its_owner(root: Path) -> None:
    assert os.stat(current_folder(root)).st_mode & 0o077 == 0


def test_a_chunk_boundary_loses_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "_CHUNK", 3)
    cases = [precedent(number, list(PrecedentOutcome)[number % 3]) for number in range(1, 9)]
    report = build_index(tmp_path, PROFILES, cases, embedder(), 1)
    assert sum(report.counts.values()) == 12
    with open_index(tmp_path, embedder()) as index:
        assert len(index.find_precedents(query(), 99)) == 8


def test_a_lost_record_is_told(root: Path) -> None:
    chroma = ChromaFolder(current_folder(root) / "chroma")
    chroma._client.get_collection("profiles", embedding_function=None).delete(ids=["P-2"])
    chroma.close()
    with pytest.raises(IndexUnavailable, match=r"profiles in .* has 3 records, not 4\. Run `triage index build`"):
        open_index(root, embedder())
