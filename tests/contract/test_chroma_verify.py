"""Looking the index over: a whole one has no faults, and each kind of damage or difference is told."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agent.domain.reference import Profile
from retrieval.build import build_references
from retrieval.chroma.client import open_folder
from retrieval.index import open_index
from retrieval.verify import describe_index, verify_index
from tests.contract.retrieval_examples import PROFILES, MemoryStore, current_folder, embedder, precedent

CASES = [precedent(1), precedent(2)]


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore(PROFILES, CASES)


@pytest.fixture
def root(tmp_path: Path, store: MemoryStore) -> Path:
    build_references(tmp_path, store, embedder())
    return tmp_path


def faults(root: Path, store: MemoryStore) -> list[str]:
    return verify_index(root, store, embedder())


def change(root: Path, part: str, act: Any) -> None:
    """Do something to a finished collection behind the manifest's back."""
    chroma = open_folder(current_folder(root / part) / "chroma")
    name = "profiles" if part == "profiles" else "precedents_material"
    act(chroma.client.get_collection(name, embedding_function=None))
    chroma.close()


def test_a_whole_index_has_no_faults(root: Path, store: MemoryStore) -> None:
    assert faults(root, store) == []
    empty = root / "empty"
    build_references(empty, MemoryStore(), embedder())
    assert faults(empty, MemoryStore()) == []


def test_equal_texts_and_unreadable_names_are_no_faults(tmp_path: Path) -> None:
    profiles = [Profile(profile_id=f"S-{n}", name=f"Senator Numb{n}a", topics=("role.pep",)) for n in range(60)]
    store = MemoryStore([*profiles, Profile(profile_id="X-1", name="???")])
    build_references(tmp_path, store, embedder())
    assert faults(tmp_path, store) == []


def test_no_index_lacks_every_part(tmp_path: Path, store: MemoryStore) -> None:
    found = faults(tmp_path / "absent", store)
    assert len(found) == 4
    assert all("run `triage index build`" in fault for fault in found)


def test_an_index_behind_the_store_says_so(root: Path, store: MemoryStore) -> None:
    store.remove_precedents("D-1")
    assert faults(root, store) == [
        "The index of precedents reflects generation 1 of the precedents, the store is at 2: run `triage index build`.",
        "The word index of precedents reflects generation 1 of the precedents, the store is at 2: run "
        "`triage index build`.",
    ]


def test_an_index_that_is_open_elsewhere_could_not_be_looked_at(root: Path, store: MemoryStore) -> None:
    with open_index(root, embedder=embedder(), records=store) as index:
        assert index.search_profiles("fisherman", 3)
        (fault,) = faults(root, store)
    assert "already open" in fault


@pytest.mark.parametrize(
    ("part", "file", "told"),
    [
        ("profiles", "manifest.json", "manifest.json"),
        ("precedents", "chroma/chroma.sqlite3", "precedents"),
        ("lexical", "lexical/meta.json", "meta.json"),
        ("names", "terms/meta.json", "meta.json"),
    ],
)
def test_a_damaged_file_of_any_part(root: Path, store: MemoryStore, part: str, file: str, told: str) -> None:
    path = current_folder(root / part) / file
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    (fault,) = faults(root, store)
    assert told in fault
    assert "Run `triage index build`" in fault


@pytest.mark.parametrize("part", ["names", "profiles", "precedents", "lexical"])
def test_a_pointer_to_nothing(root: Path, store: MemoryStore, part: str) -> None:
    shutil.rmtree(current_folder(root / part))
    (fault,) = faults(root, store)
    assert str(root / part) in fault


def test_other_ids_than_the_store_has(root: Path) -> None:
    """The counters agree and the entries do not: another store, or one restored from a backup."""
    other = MemoryStore([*PROFILES[:3], Profile(profile_id="Z-1", name="Rosa Quill")], [CASES[0], precedent(8)])
    found = faults(root, other)
    assert any("lacks 'Z-1'" in fault for fault in found)
    assert any("holds 'P-4', which the store does not have" in fault for fault in found)
    assert any("lacks 'D-8'" in fault for fault in found)
    assert any("The name index does not find 'Z-1'" in fault for fault in found)
    assert any("word index of precedents does not find 'D-8'" in fault for fault in found)


def test_another_text_than_the_store_has(root: Path) -> None:
    other = MemoryStore([PROFILES[0].model_copy(update={"notes": "Changed."}), *PROFILES[1:]], CASES)
    (fault,) = faults(root, other)
    assert "has another text than the store for 'P-1'" in fault


def test_a_vector_that_is_not_the_embedders(root: Path, store: MemoryStore) -> None:
    wrong = np.roll(embedder().embed(["a fisherman"])[0], 1)
    change(root, "profiles", lambda collection: collection.update(ids=["P-2"], embeddings=[wrong]))
    (fault,) = faults(root, store)
    assert "vectors that are not the embedder's" in fault
    assert "'P-2'" in fault


def test_a_description_tells_counts_sizes_and_age_without_opening_chroma(root: Path, store: MemoryStore) -> None:
    store.save(PROFILES[0])
    with open_index(root, embedder=embedder(), records=store) as index:
        assert index.search_profiles("fisherman", 3)  # held, and described all the same
        description = describe_index(root, store, embedder())
    assert [(part.name, part.generation, part.stored, part.stale) for part in description.parts] == [
        ("names", 1, 2, True),
        ("profiles", 1, 2, True),
        ("precedents", 1, 1, False),
        ("lexical", 1, 1, False),
    ]
    assert description.parts[0].counts == {"profiles": 4, "names": 6}
    assert [part.embedder for part in description.parts] == ["", embedder().model_id, embedder().model_id, ""]
    assert all(part.built_at is not None and str(root) in part.place for part in description.parts)
    assert set(description.sizes) == {"names", "profiles", "precedents", "lexical", "vectors"}
    assert min(description.sizes.values()) > 0
    assert description.size_bytes == sum(description.sizes.values())


def test_a_description_of_nothing_and_of_damage(root: Path, store: MemoryStore) -> None:
    nothing = describe_index(root / "absent", store, embedder())
    assert [part.generation for part in nothing.parts] == [None] * 4
    assert nothing.size_bytes == 0
    (current_folder(root / "profiles") / "manifest.json").write_text("x")
    damaged = describe_index(root, store, embedder())
    assert [bool(part.fault) for part in damaged.parts] == [False, True, False, False]
